#include "cycle.h"
#include "aggregate.h"
#include "drop_caller.h"
#include "frames_test.h"
#include "probe.h"

/* Flags, sizes, thread, four numbers of 8 bytes, switchWait, overrun. */
#define MAX_CYCLE_BYTES (2 + 4 + 4 * 8 + 2 * 8)
/* Overruns below so many times the long gap are not worth their bytes: Python code released. */
#define MIN_OVERRUN_GAPS 10u
/* What is written before and with it. */
#define CYCLE_ROOM (MAX_CYCLE_BYTES + 8 + 2 * CPU_RECORD_BYTES)
#define PREFETCH_BYTES 256

/* Whether the last release is known to be the eval loop's: from it on the thread waits. */
static inline bool is_forced(const struct thread *t)
{
    return t->drop_requested && t->caller == DROP_CALLER_EVAL_LOOP;
}

/* Whether the last release was the eval loop's, if the next request comes now. */
static bool was_forced(const struct thread *t, uint64_t now)
{
    if (!t->drop_requested || t->caller == DROP_CALLER_OTHER)
        return false;
    uint64_t left = t->switch_end_ticks ? t->switch_end_ticks : t->released_ticks;
    return t->caller == DROP_CALLER_EVAL_LOOP || now - left <= probe.long_gap_ticks;
}

/* What no known CPython does: nothing that is recorded of this process can be trusted. */
static __attribute__((cold, noinline)) void doubt(void)
{
    atomic_fetch_or(&probe.file.header->flags, GILSCOPE_PROCESS_FLAG_GIL_UNRECOGNISED);
}

void cycle_request(struct thread *t, struct gil *gil, uint64_t now)
{
    /* It asks again, and nobody was ever seen to get it. A thread that is ended while it asks may do so too, but later. */
    if (__builtin_expect(t->asking == gil, 0) && !atomic_load(&gil->entry->acquire_seq))
        doubt();
    if (!(t->after_release && is_forced(t)) &&
        cpu_time_is_due(&t->cpu, now - t->released_ticks, now, probe.long_gap_ticks)) {
        t->cpu_at_request = cpu_time_read(&t->cpu, now);
        t->cpu.is_unwritten = true;
        now = clock_ticks(probe.clock); /* what that took is still time off the GIL */
    }
    t->asking = gil;
    t->contended = false;
    t->request_ticks = now;
    if (t->after_release)
        t->after_release = gil == t->last && was_forced(t, now);
}

static void publish_wait(struct thread *t, struct gil *gil, uint64_t start, uint32_t flags)
{
    t->entry->wait_start_ticks = start;
    t->entry->wait_flags = flags;
    atomic_store_explicit(&t->entry->waiting_gil, gil->index + 1, memory_order_release);
}

void cycle_contended(struct thread *t)
{
    if (t->contended)
        return;
    t->contended = true;
    bool forced = t->after_release;
    publish_wait(t, t->asking, forced ? t->released_ticks : t->request_ticks,
                 GILSCOPE_CYCLE_FLAG_CONTENDED |
                     (forced ? (uint32_t)GILSCOPE_CYCLE_FLAG_AFTER_FORCED : 0));
}

void cycle_switch_wait(struct thread *t)
{
    if (is_forced(t))
        publish_wait(t, t->last, t->released_ticks, GILSCOPE_CYCLE_FLAG_AFTER_FORCED);
}

void cycle_switch_end(struct thread *t, uint64_t now)
{
    t->switch_end_ticks = now;
}

void cycle_asked(struct thread *t, uint64_t now)
{
    if (!t->asking->asked_ticks)
        t->asking->asked_ticks = now;
}

/*
 * The first interpreter seen to hold this GIL names it; the first GIL is the main one's, of which alone it is known as
 * long as the layout was not found sound.
 */
static void name_gil(struct gil *gil, uintptr_t state)
{
    bool sound = atomic_load(&probe.frames) == GILSCOPE_FRAMES_RECORDED;
    int64_t interpreter = state && sound ? layout_interpreter(&probe.layout, state) : -1;
    if (interpreter >= 0)
        gil->entry->interpreter = (int32_t)interpreter;
    else if (gil->index == 0)
        gil->entry->interpreter = 0;
}

/* Only the holder of the GIL writes these counters: no locked instruction is needed. */
static inline void advance(_Atomic uint64_t *counter)
{
    uint64_t value = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, value + 1, memory_order_release);
}

void cycle_acquired(struct thread *t, uint64_t now)
{
    struct gil *gil = t->asking;
    struct gil_entry *entry = gil->entry;
    uintptr_t state = gil_last_holder(gil);
    uint32_t flags = t->contended ? GILSCOPE_CYCLE_FLAG_CONTENDED : 0;
    uint64_t start = t->request_ticks;
    if (t->after_release) {
        flags |= GILSCOPE_CYCLE_FLAG_AFTER_FORCED;
        start = t->released_ticks;
    } else if (t->switch_end_ticks) {
        flags |= GILSCOPE_CYCLE_FLAG_SWITCH_WAIT;
    }
    if (t->last && state != t->last_state)
        flags |= GILSCOPE_CYCLE_FLAG_OTHER_STATE;
    if (entry->interpreter < 0)
        name_gil(gil, state);
    t->holds = gil;
    __atomic_store_n(&t->last, gil, __ATOMIC_RELAXED);
    t->asking = NULL;
    t->acquired_ticks = now;
    t->wait_start_ticks = start < now ? start : now;
    t->hold_flags = flags;
    t->after_release = false;
    if (__builtin_expect(entry->holder != 0, 0))
        doubt();
    entry->holder = t->index + 1;
    entry->hold_flags = flags;
    entry->wait_start_ticks = t->wait_start_ticks;
    entry->acquired_ticks = now;
    /* sys.setswitchinterval() changes it: the unsigned long at the start of the struct (Include/internal/pycore_gil.h). */
    entry->switch_interval_us = (uint32_t)((const unsigned long *)gil->cond)[-4];
    entry->acquire_stack = flags & GILSCOPE_CYCLE_FLAG_OTHER_STATE ? 0 : t->last_stack;
    advance(&entry->acquire_seq);
    gil->asked_ticks = 0;
    atomic_store_explicit(&gil->holder_state, state, memory_order_relaxed);
    atomic_store_explicit(&gil->holder_thread, t->index, memory_order_relaxed);
    advance(&gil->seq);
    if (atomic_load_explicit(&t->entry->waiting_gil, memory_order_relaxed))
        atomic_store_explicit(&t->entry->waiting_gil, 0, memory_order_release);
}

void cycle_releasing(struct thread *t)
{
    uintptr_t state = gil_last_holder(t->holds);
    t->last_state = state;
    t->release_stack = 0;
    if (!state)
        return;
    if (__builtin_expect(t->holds->stacks.nodes != NULL, 1))
        t->release_stack = may_be_freed(state) ? 0 : stack_of_state(&t->holds->stacks, state);
    else if (probe.layout.known)
        frames_try(t->holds, state);
}

static inline uint32_t size_code(uint64_t v)
{
    return (v > 0xffu) + (v > 0xffffu) + (v > 0xffffffffu);
}

/* Writes the low 1, 2, 4 or 8 bytes of `v`; always stores 8. */
static inline uint8_t *put_sized(uint8_t *p, uint64_t v, uint32_t code)
{
    __builtin_memcpy(p, &v, sizeof v);
    return p + (1u << code);
}

/*
 * The commonest record by one store and a byte: nothing special, the same thread, gap, hold and stack of 2 bytes and a
 * wait of 1, no reading of the CPU clock. False: it is another, or there is no room at hand.
 */
static inline bool write_short_cycle(struct gil *gil, struct thread *t, uint64_t now)
{
    const uint64_t sizes = 1 | 0 << 2 | 1 << 4 | 1 << 6;
    struct stream *s = &gil->stream;
    /* Differences below zero are large ones here. */
    uint64_t gap = t->acquired_ticks - s->base_ticks, hold = now - t->acquired_ticks;
    uint64_t wait = t->acquired_ticks - t->wait_start_ticks;
    uint64_t stack = t->release_stack, flags = t->hold_flags;
    if (__builtin_expect((gap | hold | stack | wait << 8) > 0xffff ||
                             flags & ~(uint64_t)GILSCOPE_CYCLE_FLAG_CONTENDED ||
                             t->index != s->thread || t->cpu.is_unwritten || t->cpu.is_behind ||
                             gil->asked_ticks ||
                             cpu_time_is_due_after(hold, probe.long_gap_ticks) ||
                             (size_t)(s->limit - s->cursor) < CYCLE_ROOM,
                         0))
        return false;
    uint8_t *p = s->cursor;
    put_u64(p, flags | sizes << 8 | gap << 16 | wait << 32 | hold << 40 | stack << 56);
    p[8] = (uint8_t)(stack >> 8);
    t->cpu.held_ticks += hold;
    s->base_ticks = now;
    stream_commit(s, p + 9);
    /* Another core zeroed what comes; a store that waits for it would hold up the next locked instruction. */
    __builtin_prefetch(p + PREFETCH_BYTES, 1);
    return true;
}

/* A forced release begins no time off the GIL: the clock is read at the next that does. */
static uint8_t *put_cpu_time(uint8_t *p, struct thread *t, uint64_t hold, uint64_t released)
{
    if (__builtin_expect(t->cpu.is_unwritten, 0)) {
        p = cpu_time_put(p, t->index, &t->cpu_at_request);
        t->cpu.is_unwritten = false;
    }
    t->cpu.held_ticks += hold;
    t->cpu.is_behind |= cpu_time_is_due_after(hold, probe.long_gap_ticks);
    if (t->cpu.is_behind && !is_forced(t)) {
        struct cpu_reading at_release = cpu_time_read(&t->cpu, released);
        p = cpu_time_put(p, t->index, &at_release);
        t->cpu.is_behind = false;
    }
    return p;
}

static __attribute__((noinline)) bool write_cycle(struct gil *gil, struct thread *t, uint64_t now)
{
    struct stream *s = &gil->stream;
    if (gil->totals_only)
        return false;
    uint8_t *p = stream_room(s, CYCLE_ROOM, 0);
    if (!p) {
        gil->totals_only = trace_file_is_bounded(s->file);
        return false;
    }
    /* Counters of different cores agree to far less than a cycle takes; still, a gap is never negative. */
    uint64_t acquired = t->acquired_ticks > s->base_ticks ? t->acquired_ticks : s->base_ticks;
    uint64_t released = now > acquired ? now : acquired;
    uint64_t gap = acquired - s->base_ticks, hold = released - acquired;
    uint64_t wait = acquired - t->wait_start_ticks;
    uint64_t stack = t->release_stack;
    uint64_t overrun =
        gil->asked_ticks && released > gil->asked_ticks ? released - gil->asked_ticks : 0;
    uint32_t flags = t->hold_flags;
    if (overrun > MIN_OVERRUN_GAPS * probe.long_gap_ticks)
        flags |= GILSCOPE_CYCLE_FLAG_OVERRUN;
    p = put_cpu_time(p, t, hold, released);
    uint32_t g = size_code(gap), w = size_code(wait), h = size_code(hold), k = size_code(stack);
    uint8_t *head = p;
    head[1] = (uint8_t)(g | w << 2 | h << 4 | k << 6);
    p += 2;
    if (t->index != s->thread) {
        flags |= GILSCOPE_CYCLE_FLAG_THREAD_CHANGED;
        if (t->index > 0xffff) {
            flags |= GILSCOPE_CYCLE_FLAG_WIDE_THREAD;
            p = put_u32(p, t->index);
        } else {
            p = put_u16(p, (uint16_t)t->index);
        }
        s->thread = t->index;
    }
    head[0] = (uint8_t)flags;
    p = put_sized(p, gap, g);
    p = put_sized(p, wait, w);
    p = put_sized(p, hold, h);
    p = put_sized(p, stack, k);
    if (flags & GILSCOPE_CYCLE_FLAG_SWITCH_WAIT)
        p = put_u64(p, t->switch_end_ticks - t->released_ticks);
    if (flags & GILSCOPE_CYCLE_FLAG_OVERRUN)
        p = put_u64(p, overrun);
    s->base_ticks = released;
    stream_commit(s, p);
    return true;
}

static inline void put_cycle(struct gil *gil, struct thread *t, uint64_t now)
{
    if (write_short_cycle(gil, t, now) || write_cycle(gil, t, now))
        advance(&gil->entry->cycles);
    else
        aggregate_cycle(gil, t, now);
}

void cycle_refused(struct thread *t, uint64_t now)
{
    struct gil *gil = t->asking;
    t->asking = NULL;
    if (t->contended) {
        uint64_t start = t->after_release ? t->released_ticks : t->request_ticks;
        /* Else it has run since its last release, and where it waits is unknown. */
        t->hold_flags = GILSCOPE_CYCLE_FLAG_CONTENDED |
                        (t->after_release ? (uint32_t)GILSCOPE_CYCLE_FLAG_AFTER_FORCED
                                          : (uint32_t)GILSCOPE_CYCLE_FLAG_OTHER_STATE);
        t->wait_start_ticks = start < now ? start : now;
        t->acquired_ticks = now;
        t->release_stack = 0;
        t->drop_requested = false;
        gil->asked_ticks = 0;
        advance(&gil->entry->acquire_seq);
        put_cycle(gil, t, now);
        t->released_ticks = now;
        __atomic_store_n(&t->last_stack, 0, __ATOMIC_RELEASE);
        t->entry->last_stack = 0;
    }
    t->contended = t->after_release = false;
    atomic_store_explicit(&t->entry->waiting_gil, 0, memory_order_release);
}

void cycle_released(struct thread *t, uint64_t now, const struct call_site *from)
{
    struct gil *gil = t->holds;
    struct gil_entry *entry = gil->entry;
    advance(&gil->seq);
    t->drop_requested = gil->asked_ticks != 0;
    if (t->drop_requested)
        t->caller = drop_caller_of(&probe.drop_callers, &gil->unwound, *from);
    put_cycle(gil, t, now);
    entry->holder = 0;
    t->holds = NULL;
    t->released_ticks = now;
    t->switch_end_ticks = 0;
    t->after_release = true;
    __atomic_store_n(&t->last_stack, t->release_stack, __ATOMIC_RELEASE);
    t->entry->last_stack = t->release_stack;
    t->entry->last_gil = gil->index + 1;
}
