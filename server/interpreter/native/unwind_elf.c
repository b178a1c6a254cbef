#include "unwind.h"

#include <string.h>

#if defined(__x86_64__)
#define SP_REGISTER 7u
#define FP_REGISTER 6u
#define RA_REGISTER 16u
#elif defined(__aarch64__)
#define SP_REGISTER 31u
#define FP_REGISTER 29u
#define RA_REGISTER 30u
#endif

/* Pointer encodings (DW_EH_PE_*) that linkers and compilers use here. */
#define PCREL_SDATA4 0x1b
#define UDATA4 0x03
#define DATAREL_SDATA4 0x3b

/* Of .eh_frame_hdr, in front of its table. */
#define TABLE_AT 12u
/* No C function of an interpreter has a larger frame. */
#define MOST_FRAME_BYTES 0x10000

struct bytes {
    const uint8_t *at, *end;
};

static uint64_t uleb(struct bytes *b)
{
    uint64_t value = 0;
    for (unsigned shift = 0; b->at < b->end; shift += 7) {
        uint8_t byte = *b->at++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80))
            break;
    }
    return value;
}

static int64_t sleb(struct bytes *b)
{
    uint64_t value = 0;
    unsigned shift = 0;
    uint8_t byte = 0;
    while (b->at < b->end) {
        byte = *b->at++;
        if (shift < 64)
            value |= (uint64_t)(byte & 0x7f) << shift;
        shift += 7;
        if (!(byte & 0x80))
            break;
    }
    if (shift < 64 && (byte & 0x40))
        value |= ~(uint64_t)0 << shift;
    return (int64_t)value;
}

static uint64_t left(const struct bytes *b)
{
    return (uint64_t)(b->end - b->at);
}

static void skip(struct bytes *b, uint64_t n)
{
    b->at = n < left(b) ? b->at + n : b->end;
}

/* A number of n bytes, 4 at most; 0 where there are fewer. */
static uint32_t number(struct bytes *b, uint32_t n)
{
    uint32_t value = 0;
    if (n <= left(b))
        memcpy(&value, b->at, n);
    skip(b, n);
    return value;
}

static uint32_t u32_at(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static uintptr_t relative(const uint8_t *p, const void *base)
{
    return (uintptr_t)base + (uintptr_t)(intptr_t)(int32_t)u32_at(p);
}

/* What a CFA program has come to. */
struct rules {
    uint64_t cfa_register;
    int64_t cfa_offset, fp_at, ra_at;
    bool fp_saved, ra_saved, lost;
};

struct program {
    uint64_t code_align;
    int64_t data_align;
    uintptr_t location, target;
    struct rules initial, remembered;
};

static void save(struct rules *r, uint64_t reg, int64_t at)
{
    if (reg == FP_REGISTER) {
        r->fp_saved = true;
        r->fp_at = at;
    } else if (reg == RA_REGISTER) {
        r->ra_saved = true;
        r->ra_at = at;
    }
}

static void restore(struct rules *r, const struct rules *initial, uint64_t reg)
{
    if (reg == FP_REGISTER) {
        r->fp_saved = initial->fp_saved;
        r->fp_at = initial->fp_at;
    } else if (reg == RA_REGISTER) {
        r->ra_saved = initial->ra_saved;
        r->ra_at = initial->ra_at;
    }
}

static void skip_block(struct bytes *b)
{
    skip(b, uleb(b));
}

/* Wraps round where the numbers mean nothing: it is looked at afterwards. */
static int64_t times(uint64_t a, int64_t b)
{
    return (int64_t)(a * (uint64_t)b);
}

/* One instruction that has its operands behind it (DWARF 4, table 7.23 and GNU's additions). */
static void run_extended(struct bytes *b, uint8_t op, struct program *p, struct rules *r)
{
    uint64_t reg;
    switch (op) {
    case 0x00: /* nop */
        break;
    case 0x02: /* advance_loc1 */
        p->location += number(b, 1) * p->code_align;
        break;
    case 0x03: /* advance_loc2 */
        p->location += number(b, 2) * p->code_align;
        break;
    case 0x04: /* advance_loc4 */
        p->location += number(b, 4) * p->code_align;
        break;
    case 0x05: /* offset_extended */
        reg = uleb(b);
        save(r, reg, times(uleb(b), p->data_align));
        break;
    case 0x06: /* restore_extended */
        restore(r, &p->initial, uleb(b));
        break;
    case 0x07: /* undefined */
    case 0x08: /* same_value */
    case 0x2e: /* GNU_args_size */
        uleb(b);
        break;
    case 0x09: /* register */
        uleb(b);
        uleb(b);
        break;
    case 0x0a: /* remember_state */
        p->remembered = *r;
        break;
    case 0x0b: /* restore_state */
        *r = p->remembered;
        break;
    case 0x0c: /* def_cfa */
        r->cfa_register = uleb(b);
        r->cfa_offset = (int64_t)uleb(b);
        break;
    case 0x0d: /* def_cfa_register */
        r->cfa_register = uleb(b);
        break;
    case 0x0e: /* def_cfa_offset */
        r->cfa_offset = (int64_t)uleb(b);
        break;
    case 0x10: /* expression */
    case 0x16: /* val_expression */
        uleb(b);
        skip_block(b);
        break;
    case 0x11: /* offset_extended_sf */
        reg = uleb(b);
        save(r, reg, times((uint64_t)sleb(b), p->data_align));
        break;
    case 0x2d: /* AARCH64_negate_ra_state: return addresses are signed */
    default:
        r->lost = true;
    }
}

static void run(struct bytes b, struct program *p, struct rules *r)
{
    while (b.at < b.end && p->location <= p->target && !r->lost) {
        uint8_t op = *b.at++;
        uint64_t low = op & 0x3f;
        struct rules before = *r;
        uintptr_t location = p->location;
        switch (op >> 6) {
        case 1: /* advance_loc */
            p->location += low * p->code_align;
            break;
        case 2: /* offset */
            save(r, low, times(uleb(&b), p->data_align));
            break;
        case 3: /* restore */
            restore(r, &p->initial, low);
            break;
        default:
            run_extended(&b, op, p, r);
        }
        if (p->location != location && p->location > p->target)
            *r = before;
    }
}

/* What is in a record of .eh_frame, a CIE or FDE, behind its length and identifier; nothing where it is not all there. */
static struct bytes record_at(const struct unwinder *u, uintptr_t at)
{
    uintptr_t low = (uintptr_t)u->tables, room = u->tables_bytes;
    if (at < low || at - low > room || room - (at - low) < 8)
        return (struct bytes){NULL, NULL};
    const uint8_t *record = u->tables + (at - low);
    uint32_t bytes = u32_at(record);
    if (bytes < 4 || bytes > room - (at - low) - 4)
        return (struct bytes){NULL, NULL};
    return (struct bytes){record + 8, record + 4 + bytes};
}

/* Reads the CIE; false where it uses what is not understood. */
static bool open_cie(const struct unwinder *u, uintptr_t cie, struct program *p,
                     struct bytes *instructions)
{
    static const char AUGMENTATION[] = "zR";
    struct bytes b = record_at(u, cie);
    uint32_t version = number(&b, 1);
    if ((version != 1 && version != 3) || left(&b) < sizeof AUGMENTATION ||
        memcmp(b.at, AUGMENTATION, sizeof AUGMENTATION) != 0)
        return false;
    b.at += sizeof AUGMENTATION;
    p->code_align = uleb(&b);
    p->data_align = sleb(&b);
    if (version == 1)
        skip(&b, 1);
    else
        uleb(&b);
    uint64_t bytes = uleb(&b);
    if (!left(&b) || *b.at != PCREL_SDATA4)
        return false;
    skip(&b, bytes);
    *instructions = b;
    return true;
}

/* Whether a frame can be like this: return address and frame pointer are in it. */
static bool is_possible(const struct rules *r)
{
    return !r->lost && r->ra_saved && r->cfa_offset > 0 && r->cfa_offset <= MOST_FRAME_BYTES &&
           r->ra_at < 0 && r->ra_at >= -r->cfa_offset && !(r->ra_at & 7) &&
           (!r->fp_saved || (r->fp_at < 0 && r->fp_at >= -r->cfa_offset && !(r->fp_at & 7)));
}

static void follow_fde(const struct unwinder *u, uintptr_t fde, uintptr_t pc,
                       struct unwind_step *step)
{
    struct program p = {0};
    struct rules r = {.cfa_register = SP_REGISTER};
    struct bytes initial, b = record_at(u, fde);
    if (left(&b) < 8)
        return;
    uintptr_t start = relative(b.at, b.at), length = u32_at(b.at + 4);
    uintptr_t cie = fde + 4 - u32_at(b.at - 4);
    if (pc < start || pc - start >= length || !open_cie(u, cie, &p, &initial))
        return;
    b.at += 8;
    skip_block(&b); /* augmentation */
    p.location = p.target = pc;
    run(initial, &p, &r);
    p.initial = p.remembered = r;
    p.location = start;
    run(b, &p, &r);
    step->function = start;
    step->bytes = length;
    if (!is_possible(&r))
        return;
    step->cfa_from_fp = r.cfa_register == FP_REGISTER;
    step->cfa_offset = (int32_t)r.cfa_offset;
    step->fp_at = r.fp_saved ? (int32_t)r.fp_at : 0;
    step->ra_at = (int32_t)r.ra_at;
    step->known = step->cfa_from_fp || r.cfa_register == SP_REGISTER;
}

void unwinder_open(struct unwinder *u, const struct unwind_tables *tables, uintptr_t low,
                   uintptr_t high)
{
    memset(u, 0, sizeof *u);
    u->low = low;
    u->high = high;
    const uint8_t *header = tables->header;
    uintptr_t before = (uintptr_t)header - (uintptr_t)tables->start;
    if (!header || before > tables->bytes || tables->bytes - before < TABLE_AT)
        return;
    if (header[0] != 1 || header[1] != PCREL_SDATA4 || header[2] != UDATA4 ||
        header[3] != DATAREL_SDATA4)
        return;
    uint32_t count = u32_at(header + 8);
    if (count > (tables->bytes - before - TABLE_AT) / 8)
        return;
    u->header = header;
    u->count = count;
    u->tables = tables->start;
    u->tables_bytes = tables->bytes;
}

/* The FDE with the last start that is not behind pc: binary search in the header's sorted table. */
static uintptr_t find_fde(const struct unwinder *u, uintptr_t pc)
{
    uint32_t low = 0, high = u->count;
    const uint8_t *table = u->header + TABLE_AT;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (relative(table + (size_t)middle * 8, u->header) <= pc)
            low = middle;
        else
            high = middle;
    }
    return high ? relative(table + (size_t)low * 8 + 4, u->header) : 0;
}

static struct unwind_step step_of(const struct unwinder *u, uintptr_t pc)
{
    struct unwind_step step = {.pc = pc};
    uintptr_t fde = find_fde(u, pc - 1);
    if (fde)
        follow_fde(u, fde, pc - 1, &step);
    return step;
}

/*
 * Reading the tables takes microseconds, and a program releases the GIL from few places. A step has two of them: two that
 * meet in one would read the tables at each release.
 */
static struct unwind_step known_step_of(const struct unwinder *u, struct unwind_known *known,
                                        uintptr_t pc)
{
    uint64_t hash = (uint64_t)pc * 0x9e3779b97f4a7c15u;
    struct unwind_step *steps = &known->steps[(hash >> 32) % UNWIND_KNOWN_STEPS & ~1u];
    if (steps[0].pc == pc)
        return steps[0];
    if (steps[1].pc != pc) {
        steps[1] = steps[0];
        steps[0] = step_of(u, pc);
        return steps[0];
    }
    return steps[1];
}

bool unwind_next(const struct unwinder *u, struct unwind_known *known, struct call_site *at,
                 struct unwind_step *step)
{
    if (!u->header || at->pc < u->low || at->pc >= u->high)
        return false;
    *step = known_step_of(u, known, at->pc);
    uintptr_t cfa = (step->cfa_from_fp ? at->fp : at->sp) + (uintptr_t)(intptr_t)step->cfa_offset;
    uintptr_t frame = cfa - at->sp;
    /* Callers are further up the stack; what is saved lies between. */
    if (!step->known || frame > MOST_FRAME_BYTES || frame < (uintptr_t)-step->ra_at ||
        frame < (uintptr_t)-step->fp_at || cfa & 7)
        return false;
    if (step->fp_at)
        at->fp = *(const uintptr_t *)(cfa + (uintptr_t)(intptr_t)step->fp_at);
    at->pc = *(const uintptr_t *)(cfa + (uintptr_t)(intptr_t)step->ra_at);
    at->sp = cfa;
    return true;
}

int32_t unwind_frame_size(const struct unwinder *u, uintptr_t function)
{
    if (!u->header || function < u->low || function >= u->high)
        return 0;
    struct unwind_step start = step_of(u, function + 1);
    struct unwind_step middle = step_of(u, function + start.bytes / 2 + 1);
    return middle.known && middle.function == function ? middle.cfa_offset : 0;
}

bool unwind_is_direct_call(uintptr_t pc)
{
#if defined(__x86_64__)
    return *(const uint8_t *)(pc - 5) == 0xe8;
#elif defined(__aarch64__)
    return u32_at((const uint8_t *)(pc - 4)) >> 26 == 0x25; /* BL */
#endif
}
