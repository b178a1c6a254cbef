#include "stacks.h"
#include "busy.h"
#include "code_record.h"
#include "probe.h"

#define NODE_INDEX_BITS 20u
#define CODE_INDEX_BITS 17u
#define MAX_NODES ((3u << NODE_INDEX_BITS) / 4)
#define MAX_CODES ((3u << CODE_INDEX_BITS) / 4)
#define NODES_BYTES ((MAX_NODES + 1) * sizeof(struct node))
#define CODES_BYTES ((MAX_CODES + 1) * sizeof(struct code))
/* Code objects kept alive, so that none takes the address of another; beyond this, fingerprints tell them apart. */
#define MAX_PINNED 16384u
#define NODE_RECORD_BYTES 21u
/* As many lookups of nodes as memory is asked for at once. */
#define EXPECTED_NODES 32u

struct node {
    uint64_t path; /* hash of the frames from the root to this one: tells it from all others */
    uint32_t code, offset;
};

struct code {
    uintptr_t code;       /* 0: its record failed half-way, or it was freed */
    uint64_t fingerprint; /* 0: pinned */
    uint64_t print;       /* of its content … */
    uint32_t freed;       /* … when so many code objects had been freed at its place */
};

static inline uint64_t mix(uint64_t h, uint64_t a, uint64_t b)
{
    return (((h << 23) | (h >> 41)) ^ a ^ b * 0xbf58476d1ce4e5b9u) * 0x9e3779b97f4a7c15u;
}

bool stack_table_open(struct stack_table *t, const struct layout *layout, struct stream *stream,
                      struct memory memory, bool pin_codes)
{
    memset(t, 0, sizeof *t);
    t->layout = layout;
    t->stream = stream;
    t->memory = memory;
    t->fingerprints = !pin_codes || layout->free_threaded;
    t->nodes = memory_reserve(NODES_BYTES);
    t->codes = memory_reserve(CODES_BYTES);
    t->cache = memory_reserve(STACK_CACHE_BYTES);
    t->frames = memory_reserve(MAX_FRAMES * sizeof *t->frames);
    t->wanted = memory_reserve(MAX_FRAMES * sizeof *t->wanted);
    bool indexed = number_index_open(&t->node_index, NODE_INDEX_BITS) &&
                   number_index_open(&t->code_index, CODE_INDEX_BITS);
    if (t->nodes && t->codes && t->cache && t->frames && t->wanted && indexed)
        return true;
    stack_table_close(t);
    return false;
}

void stack_table_close(struct stack_table *t)
{
    if (t->nodes)
        memory_release(t->nodes, NODES_BYTES);
    if (t->codes)
        memory_release(t->codes, CODES_BYTES);
    if (t->cache)
        memory_release(t->cache, STACK_CACHE_BYTES);
    if (t->frames)
        memory_release(t->frames, MAX_FRAMES * sizeof *t->frames);
    if (t->wanted)
        memory_release(t->wanted, MAX_FRAMES * sizeof *t->wanted);
    number_index_close(&t->node_index);
    number_index_close(&t->code_index);
    memset(t, 0, sizeof *t);
}

/*
 * Py_INCREF as Include/object.h has it for a GIL build: a plain increment, but not of an immortal object (3.12+, whose
 * 32-bit count is negative).
 */
static void pin(const struct layout *l, uintptr_t code)
{
    if (l->hex >= 0x030c0000) {
        int32_t *count = (int32_t *)code;
        if (*count >= 0)
            ++*count;
    } else {
        ++*(int64_t *)code;
    }
}

static inline uint32_t codes_freed(uintptr_t code)
{
    return atomic_load_explicit(codes_freed_at(code), memory_order_acquire);
}

static inline uint64_t hash_of_code(const struct code *c)
{
    return mix(0, c->code, c->fingerprint);
}

/* Its id; 0: it is not there. */
static uint32_t find_code(const struct stack_table *t, uintptr_t code, uint64_t fingerprint)
{
    struct code c = {.code = code, .fingerprint = fingerprint};
    const struct number_index *x = &t->code_index;
    uint64_t hash = hash_of_code(&c);
    uint32_t at = number_index_first(x, hash), id;
    while ((id = number_index_next(x, hash, &at)))
        if (t->codes[id].code == code && t->codes[id].fingerprint == fingerprint)
            return id;
    return 0;
}

/*
 * Whether a code is still the one that was recorded. Where one was freed there since, it may be another with its parts at
 * the same places.
 */
static bool is_same_code(struct code *known, uint32_t freed, uint64_t print)
{
    if (known->print != print)
        return false;
    known->freed = freed;
    return true;
}

static uint32_t code_id(struct stack_table *t, uintptr_t code)
{
    bool pinned_all = !t->fingerprints;
    uint64_t fingerprint = pinned_all ? 0 : code_fingerprint(t->layout, &t->memory, code);
    if (!pinned_all && !fingerprint)
        return 0;
    /* A pinned code has no fingerprint: look for it under that first, whatever the mode is now. */
    uint32_t known = !pinned_all && t->pinned_count ? find_code(t, code, 0) : 0;
    if (!known)
        known = find_code(t, code, fingerprint);
    if (known && !t->codes[known].fingerprint)
        return known;
    uint32_t freed = codes_freed(code);
    uint64_t print = 0;
    if (known && t->codes[known].freed == freed)
        return known;
    if (!pinned_all && !(print = code_print(t->layout, &t->memory, code)))
        return 0;
    if (known && is_same_code(&t->codes[known], freed, print))
        return known;
    if (known)
        t->codes[known].code = 0;
    if (t->code_count >= MAX_CODES) {
        trace_file_lose(t->stream->file, GILSCOPE_LOST_STACK_TABLE_FULL);
        return 0;
    }
    /* The number is used up even if the record fails half-way, so that parts never mix. */
    uint32_t id = ++t->code_count;
    if (!code_record_write(t->stream, t->layout, &t->memory, code, id))
        return 0;
    if (pinned_all) {
        pin(t->layout, code);
        t->fingerprints = ++t->pinned_count == MAX_PINNED;
    }
    t->codes[id] = (struct code){code, fingerprint, print, freed};
    number_index_add(&t->code_index, hash_of_code(&t->codes[id]), id);
    return id;
}

static uint32_t find_node(const struct stack_table *t, const struct node *wanted)
{
    const struct number_index *x = &t->node_index;
    uint32_t at = number_index_first(x, wanted->path), number;
    while ((number = number_index_next(x, wanted->path, &at))) {
        const struct node *n = &t->nodes[number];
        if (n->path == wanted->path && n->code == wanted->code && n->offset == wanted->offset)
            return number;
    }
    return 0;
}

static uint32_t add_node(struct stack_table *t, uint32_t parent, const struct node *wanted)
{
    if (t->node_count >= MAX_NODES) {
        trace_file_lose(t->stream->file, GILSCOPE_LOST_STACK_TABLE_FULL);
        return 0;
    }
    uint8_t *p = stream_room(t->stream, NODE_RECORD_BYTES, BEYOND_FOR_TOTALS);
    if (!p)
        return 0;
    uint32_t node = ++t->node_count;
    *p++ = GILSCOPE_TAG_NODE;
    p = put_u32(p, NODE_RECORD_BYTES);
    p = put_u32(p, node);
    p = put_u32(p, parent);
    p = put_u32(p, wanted->code);
    stream_commit(t->stream, put_u32(p, wanted->offset));
    t->nodes[node] = *wanted;
    number_index_add(&t->node_index, wanted->path, node);
    return node;
}

/* Which nodes the frames are to have, into t->wanted; false: a code is not known and cannot be written. */
static bool tell_nodes(struct stack_table *t, uint32_t count)
{
    const struct layout *l = t->layout;
    uint64_t path = 0;
    uint32_t code = 0;
    uintptr_t code_of = 0;
    for (uint32_t i = count; i-- > 0;) {
        struct frame f = t->frames[i];
        if (f.code != code_of) /* else a recursion */
            code = code_id(t, f.code);
        if (!code)
            return false;
        code_of = f.code;
        uint32_t offset =
            l->frame_objects
                ? (uint32_t)((int32_t)f.instruction < 0 ? 0 : f.instruction * l->instruction_unit)
                : (uint32_t)(f.instruction - (f.code + l->code_bytes));
        path = mix(path, code, (uint64_t)offset + 1);
        t->wanted[i] = (struct node){path, code, offset};
        if (i < EXPECTED_NODES)
            number_index_expect(&t->node_index, path);
    }
    return true;
}

/* From the innermost frame on: most stacks differ from those that were met in few. */
uint32_t stack_of_frames(struct stack_table *t, uint32_t count)
{
    uint32_t unknown = 0, node = 0;
    if (!tell_nodes(t, count))
        return 0;
    while (unknown < count && !(node = find_node(t, &t->wanted[unknown])))
        unknown++;
    while (unknown-- > 0)
        if (!(node = add_node(t, node, &t->wanted[unknown])))
            return 0;
    return node;
}

static inline uintptr_t load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* The first frame, by plain loads: the caller's stack cannot change. */
static inline uintptr_t own_first_frame(const struct layout *l, uintptr_t state)
{
    uintptr_t top = load(state + l->state_to_top);
    return l->top_is_indirect && top ? load(top + l->cframe_to_top) : top;
}

/* A frame that is Python's own; frames that C code puts between have an owner of 3 or more. */
static inline bool is_python(const struct layout *l, uintptr_t f)
{
    return l->owner < 0 || *(const uint8_t *)(f + (uintptr_t)l->owner) < 3;
}

static inline uintptr_t instruction_of(const struct layout *l, uintptr_t f)
{
    return l->frame_objects ? *(const uint32_t *)(f + l->instruction) : load(f + l->instruction);
}

/*
 * Tells stacks apart. Nothing is stored, so that a known stack costs a few loads a frame; the offsets are kept in
 * registers.
 */
static inline __attribute__((always_inline)) uint64_t
hash_frames(const struct layout *l, uintptr_t f, const bool objects, const bool fingerprints)
{
    const uintptr_t previous = l->previous, at_code = l->code, at = l->instruction;
    const uintptr_t mask = l->code_mask, file = l->file, table = l->line_table;
    const intptr_t owner = l->owner;
    uint64_t hash = 1;
    for (uint32_t n = 0; f && n < MAX_FRAMES; n++, f = load(f + previous)) {
        if (!objects && *(const uint8_t *)(f + (uintptr_t)owner) >= 3)
            continue;
        uintptr_t code = load(f + at_code) & mask;
        hash = mix(hash, code, objects ? *(const uint32_t *)(f + at) : load(f + at));
        if (fingerprints)
            hash = mix(hash, load(code + table) ^ (uint64_t)codes_freed(code) << 32,
                       load(code + file));
    }
    return hash;
}

static inline uint64_t hash_of_frames(const struct layout *l, uintptr_t f, bool fingerprints)
{
    if (__builtin_expect(fingerprints, 0))
        return l->frame_objects ? hash_frames(l, f, true, true) : hash_frames(l, f, false, true);
    return l->frame_objects ? hash_frames(l, f, true, false) : hash_frames(l, f, false, false);
}

static uint32_t collect_frames(struct stack_table *t, uintptr_t f)
{
    const struct layout *l = t->layout;
    const struct memory direct = {NULL, NULL};
    uint32_t count = 0;
    for (uint32_t n = 0; f && n < MAX_FRAMES; n++, f = load(f + l->previous)) {
        if (!is_python(l, f))
            continue;
        uintptr_t code = load(f + l->code) & l->code_mask, instruction = instruction_of(l, f);
        layout_shared_instruction(l, &direct, code, (const uint8_t *)f, &instruction);
        t->frames[count++] = (struct frame){code, instruction};
    }
    while (f && !is_python(l, f))
        f = load(f + l->previous);
    if (f)
        trace_file_lose(t->stream->file, GILSCOPE_LOST_STACK_CUT);
    return count;
}

/* A stack has two places: where hundreds take turns, some would else push each other out for good. */
static inline struct stack_cache_slot *places_of(struct stack_cache_slot *cache, uint64_t hash)
{
    return &cache[(hash >> 40) & (STACK_CACHE_SLOTS - 2)];
}

static inline const struct stack_cache_slot *find_stack(struct stack_cache_slot *cache,
                                                        uint64_t hash)
{
    const struct stack_cache_slot *places = places_of(cache, hash);
    if (__builtin_expect(places[0].hash == hash, 1))
        return places;
    return places[1].hash == hash ? places + 1 : NULL;
}

static void keep_stack(struct stack_cache_slot *cache, uint64_t hash, uint32_t node)
{
    struct stack_cache_slot *places = places_of(cache, hash);
    places[1] = places[0];
    places[0] = (struct stack_cache_slot){.hash = hash, .node = node};
}

uint32_t stack_of_state(struct stack_table *t, uintptr_t state)
{
    uintptr_t first = own_first_frame(t->layout, state);
    if (!first)
        return 0;
    uint64_t hash = hash_of_frames(t->layout, first, t->fingerprints);
    const struct stack_cache_slot *known = find_stack(t->cache, hash);
    if (__builtin_expect(known != NULL, 1))
        return known->node;
    uint32_t node = stack_of_frames(t, collect_frames(t, first));
    if (node)
        keep_stack(t->cache, hash, node);
    return node;
}

uint32_t stack_frames_of_state(const struct layout *l, uintptr_t state, uintptr_t *frames,
                               uint32_t most)
{
    uint32_t count = 0;
    for (uintptr_t f = own_first_frame(l, state); f && count < most; f = load(f + l->previous))
        frames[count++] = f;
    return count;
}

uint32_t stack_of_own_frames(struct stack_table *t, struct stack_cache_slot *cache,
                             atomic_flag *busy, uintptr_t state)
{
    uintptr_t first = own_first_frame(t->layout, state);
    if (!first)
        return 0;
    uint64_t hash = hash_of_frames(t->layout, first, true);
    const struct stack_cache_slot *known = find_stack(cache, hash);
    if (__builtin_expect(known != NULL, 1))
        return known->node;
    busy_enter(busy);
    uint32_t node = stack_of_frames(t, collect_frames(t, first));
    busy_leave(busy);
    if (node)
        keep_stack(cache, hash, node);
    return node;
}
