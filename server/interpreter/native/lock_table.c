#include "lock_table.h"
#include "busy.h"
#include "probe.h"

#define MAX_LOCKS (1u << 18)
#define MAX_USED_SLOTS (LOCK_SLOTS / 4 * 3)
#define GONE_LISTS (1u << 20) /* more than there are nodes of stacks */
/* Locks that are gone and were made at the same place, but are of another kind, that are looked at. */
#define MAX_SAME_PLACE 4u
/* The first rows of a lock that was contended are of single holds … */
#define SINGLE_ROWS 4096u
/* … and the first of one that was not. */
#define FIRST_ROWS 16u

bool lock_table_open(struct lock_table *t, uint32_t owner, _Atomic uint32_t *published)
{
    memset(t, 0, sizeof *t);
    t->owner = owner;
    t->published = published;
    t->shared = owner == GILSCOPE_LANES;
    t->slots = memory_reserve(LOCK_SLOTS * sizeof *t->slots);
    t->locks = memory_reserve(MAX_LOCKS * sizeof *t->locks);
    t->gone = memory_reserve(GONE_LISTS * sizeof *t->gone);
    t->random = clock_ticks(probe.clock) | 1;
    if (t->slots && t->locks && t->gone)
        return true;
    lock_table_close(t);
    return false;
}

void lock_table_close(struct lock_table *t)
{
    if (t->slots)
        memory_release(t->slots, LOCK_SLOTS * sizeof *t->slots);
    if (t->locks)
        memory_release(t->locks, MAX_LOCKS * sizeof *t->locks);
    if (t->gone)
        memory_release(t->gone, GONE_LISTS * sizeof *t->gone);
    memset(t, 0, sizeof *t);
}

static struct lock_slot *find_slot(const struct lock_table *t, uintptr_t object)
{
    uint32_t i = lock_slot_of(object);
    for (;; i = (i + 1) & (LOCK_SLOTS - 1)) {
        uintptr_t found = __atomic_load_n(&t->slots[i].object, __ATOMIC_ACQUIRE);
        if (!found || found == object)
            return &t->slots[i];
    }
}

struct lock *lock_search(const struct lock_table *t, uintptr_t object)
{
    const struct lock_slot *slot = find_slot(t, object);
    return __atomic_load_n(&slot->object, __ATOMIC_ACQUIRE) == object
               ? __atomic_load_n(&slot->lock, __ATOMIC_ACQUIRE)
               : NULL;
}

static uint32_t random_below(struct lock_table *t, uint32_t limit)
{
    uint64_t random = __atomic_load_n(&t->random, __ATOMIC_RELAXED);
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    __atomic_store_n(&t->random, random, __ATOMIC_RELAXED);
    return (uint32_t)((random >> 32) * limit >> 32);
}

/* The distance grows with the rows there are, so that n acquisitions give about √n of them. */
void lock_choose_distance(struct lock_table *t, struct lock *l)
{
    uint32_t single = l->exact ? SINGLE_ROWS : FIRST_ROWS;
    uint32_t mean = l->rows < single ? 1 : 2 + (l->rows - single) / 4;
    l->distance = mean == 1 ? 1 : mean / 2 + random_below(t, mean + 1);
    if (!l->distance)
        l->distance = 1;
    l->countdown = l->distance;
    l->rows++;
}

static struct lock_entry *next_entry(struct lock_table *t, uint32_t *number)
{
    uint32_t n = t->count, in_chunk = n % GILSCOPE_LOCKS_PER_CHUNK;
    if (n == MAX_LOCKS) {
        trace_file_lose(&probe.file, GILSCOPE_LOST_LOCK_TABLE_FULL);
        return NULL;
    }
    *number = n;
    if (in_chunk)
        return t->locks[n - 1].entry + 1;
    struct chunk_header *chunk = trace_file_take(&probe.file, BEYOND_FOR_LOCKS);
    if (!chunk)
        return NULL;
    chunk->kind = GILSCOPE_CHUNK_KIND_LOCKS;
    chunk->owner = t->owner;
    chunk->seq = n / GILSCOPE_LOCKS_PER_CHUNK;
    atomic_store(&chunk->used, GILSCOPE_CHUNK_HEADER_BYTES +
                                   GILSCOPE_LOCKS_PER_CHUNK * GILSCOPE_LOCK_ENTRY_BYTES);
    trace_file_publish(&probe.file, chunk);
    return (struct lock_entry *)((uint8_t *)chunk + GILSCOPE_CHUNK_HEADER_BYTES);
}

/* One that is gone and was made at the same place: the new one goes on under its number. */
static struct lock *take_gone(struct lock_table *t, uint32_t kind, uint32_t stack)
{
    uint32_t *link = &t->gone[stack & (GONE_LISTS - 1)];
    for (uint32_t i = 0; *link && i < MAX_SAME_PLACE; i++) {
        struct lock *l = &t->locks[*link - 1];
        if (l->kind == kind && l->entry->created_stack == stack) {
            *link = l->next_gone;
            return l;
        }
        link = &l->next_gone;
    }
    return NULL;
}

static struct lock *add_lock(struct lock_table *t, uint32_t kind, uint32_t stack)
{
    uint32_t number;
    struct lock_entry *entry = next_entry(t, &number);
    if (!entry)
        return NULL;
    struct lock *l = &t->locks[number];
    l->entry = entry;
    l->number = number;
    l->kind = kind;
    l->exact = kind > GILSCOPE_LOCK_KIND_R_LOCK; /* all waits, and the few holds, get rows */
    entry->kind = kind;
    entry->created_stack = stack;
    lock_choose_distance(t, l);
    t->count++;
    return l;
}

static struct lock *add_in_object(struct lock_table *t, uintptr_t type, const char *type_name)
{
    struct lock *l = add_lock(t, GILSCOPE_LOCK_KIND_OBJECT, 0);
    if (!l)
        return NULL;
    l->type = type;
    memcpy(l->entry->type_name, type_name, strnlen(type_name, GILSCOPE_LOCK_TYPE_NAME_BYTES - 1));
    return l;
}

static void destroy(struct lock_table *t, struct lock_slot *slot)
{
    struct lock *l = slot->lock;
    if (!l)
        return;
    __atomic_store_n(&slot->lock, NULL, __ATOMIC_RELEASE);
    l->owner = NULL;
    l->stamped = false;
    atomic_store_explicit(&l->entry->owner, 0, memory_order_relaxed);
    atomic_store_explicit(&l->entry->state, 2, memory_order_release);
    if (l->kind == GILSCOPE_LOCK_KIND_OBJECT)
        return; /* the next one may be of another type */
    uint32_t *first = &t->gone[l->entry->created_stack & (GONE_LISTS - 1)];
    l->next_gone = *first;
    *first = l->number + 1;
}

/* `type_name`: of the object that the lock is in; null: the object is the lock. */
static struct lock *create(struct lock_table *t, const void *object, uint32_t kind, uint32_t stack,
                           uintptr_t type, const char *type_name)
{
    struct lock_slot *slot = find_slot(t, (uintptr_t)object);
    if (slot->lock)
        destroy(t, slot);
    if (!slot->object) {
        if (t->used_slots == MAX_USED_SLOTS) {
            trace_file_lose(&probe.file, GILSCOPE_LOST_LOCK_TABLE_FULL);
            return NULL;
        }
        t->used_slots++;
        __atomic_store_n(&slot->object, (uintptr_t)object, __ATOMIC_RELEASE);
    }
    struct lock *l = type_name ? add_in_object(t, type, type_name) : take_gone(t, kind, stack);
    if (!l && (type_name || !(l = add_lock(t, kind, stack))))
        return NULL;
    l->entry->address = (uintptr_t)object;
    atomic_store_explicit(&l->entry->state, 1, memory_order_release);
    if (atomic_load_explicit(t->published, memory_order_relaxed) < t->count)
        atomic_store_explicit(t->published, t->count, memory_order_release);
    __atomic_store_n(&slot->lock, l, __ATOMIC_RELEASE);
    return l;
}

struct lock *lock_create(struct lock_table *t, const void *object, uint32_t kind, uint32_t stack)
{
    if (!t->slots)
        return NULL;
    if (!t->shared)
        return create(t, object, kind, stack, 0, NULL);
    busy_enter(&t->busy);
    struct lock *l = create(t, object, kind, stack, 0, NULL);
    busy_leave(&t->busy);
    return l;
}

struct lock *lock_create_in_object(struct lock_table *t, const void *object, uintptr_t type,
                                   const char *type_name)
{
    if (!t->slots)
        return NULL;
    busy_enter(&t->busy);
    /* Several threads may come to wait for it at the same time. */
    struct lock *l = lock_of(t, object);
    if (!l || l->kind != GILSCOPE_LOCK_KIND_OBJECT || l->type != type)
        l = create(t, object, GILSCOPE_LOCK_KIND_OBJECT, 0, type, type_name);
    busy_leave(&t->busy);
    return l;
}

struct lock *lock_meet(struct lock_table *t, const void *object, uint32_t kind)
{
    struct lock *l = lock_of(t, object);
    if (l || !t->slots)
        return l;
    if (!t->shared)
        return create(t, object, kind, 0, 0, NULL);
    busy_enter(&t->busy);
    l = lock_of(t, object);
    if (!l)
        l = create(t, object, kind, 0, 0, NULL);
    busy_leave(&t->busy);
    return l;
}

void lock_destroy(struct lock_table *t, const void *object)
{
    if (t->shared)
        busy_enter(&t->busy);
    destroy(t, find_slot(t, (uintptr_t)object));
    if (t->shared)
        busy_leave(&t->busy);
}
