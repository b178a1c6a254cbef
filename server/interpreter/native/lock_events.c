#include "lock_events.h"
#include "lane_locks.h"
#include "lock_row.h"
#include "probe.h"

static inline uint64_t now(void)
{
    return clock_ticks(probe.clock);
}

static void write_row(struct gil *gil, struct lock *l, const struct lock_row *row)
{
    if (gil->totals_only || !lock_row_write(&gil->stream, l, row))
        l->entry->lost_rows++;
}

uint32_t lock_own_stack(struct gil *gil)
{
    void *state = gil->stacks.nodes && probe.api.thread_state ? probe.api.thread_state() : NULL;
    return state ? stack_of_state(&gil->stacks, (uintptr_t)state) : 0;
}

/* The owner, if its structure has not become another thread's. */
static struct thread *owner_of(const struct lock *l)
{
    return l->owner && l->owner->index == l->owner_thread ? l->owner : NULL;
}

static void publish_hold(struct lock *l)
{
    struct lock_entry *e = l->entry;
    e->hold_start_ticks = l->start_ticks;
    e->hold_stack = l->stack;
    e->hold_flags = l->estimated ? GILSCOPE_LOCK_ROW_FLAG_START_ESTIMATED : 0;
    atomic_store_explicit(&e->owner, l->owner_thread + 1, memory_order_release);
}

/*
 * The hold that is going on began without a stamp: after the sampler's last sign of life before it, and, if the owner
 * has given the GIL up only once since, in its last hold of the GIL.
 */
static void estimate_start(struct lock *l)
{
    struct thread *owner = owner_of(l);
    if (owner && owner->cycles - l->owner_cycle == 1 && owner->acquired_ticks > l->start_ticks)
        l->start_ticks = owner->acquired_ticks;
    if (l->start_ticks < l->end_ticks)
        l->start_ticks = l->end_ticks;
    l->stamped = l->estimated = l->row_due = true;
    l->stack = 0;
    publish_hold(l);
}

static void make_exact(struct thread *t, struct lock *l)
{
    l->exact = true;
    lock_choose_distance(&t->holds->locks, l);
    if (l->owner && !l->stamped)
        estimate_start(l);
}

void lock_wait_begin(struct thread *t, struct lock *l, struct lock_wait *w)
{
    struct gil *gil = t->holds;
    struct thread *owner = owner_of(l);
    if (!l->exact)
        make_exact(t, l);
    w->cycles = t->cycles;
    w->owner = owner ? owner->index + 1 : 0;
    /* The owner is without the GIL, so its stack is that of its last release. */
    w->owner_stack = owner && owner != t ? thread_last_stack(owner, gil) : 0;
    w->stack = lock_own_stack(gil);
    if (owner == t)
        w->owner_stack = w->stack;
    w->start_ticks = now();
    l->waiting++;
    struct thread_entry *e = t->entry;
    e->lock_wait_start_ticks = w->start_ticks;
    e->lock_wait_stack = w->stack;
    e->lock_wait_owner = w->owner;
    e->lock_wait_gil = gil->index;
    atomic_store_explicit(&e->waiting_lock, l->number + 1, memory_order_release);
}

uint64_t lock_wait_end(struct thread *t, struct lock *l, struct lock_wait *w, bool acquired)
{
    if (l->waiting)
        l->waiting--;
    atomic_store_explicit(&t->entry->waiting_lock, 0, memory_order_release);
    if (t->cycles == w->cycles)
        return 0;
    uint64_t start = t->cycles - w->cycles == 1 ? t->released_ticks : w->start_ticks;
    uint64_t end = t->request_ticks > start ? t->request_ticks : start;
    struct lock_row row = {.tag = GILSCOPE_TAG_LOCK_WAIT,
                           .flags = acquired ? GILSCOPE_LOCK_ROW_FLAG_ACQUIRED : 0,
                           .thread = t->index,
                           .stack = w->stack,
                           .other = w->owner,
                           .other_stack = w->owner_stack,
                           .weight = 1,
                           .start = start,
                           .end = end};
    l->entry->contended++;
    l->entry->wait_ticks += end - start;
    write_row(t->holds, l, &row);
    return end;
}

/* A row for each lock that the thread holds already: in which order it takes them. */
static void write_order(struct thread *t, struct lock *inner)
{
    const struct lock_table *table = &t->holds->locks;
    for (uint32_t i = 0; i < t->held_count; i++) {
        struct lock *outer = t->held[i];
        /* A thread may go to another interpreter, with another GIL. */
        bool here = outer >= table->locks && outer < table->locks + table->count;
        if (outer == inner || !here)
            continue;
        struct lock_row row = {.tag = GILSCOPE_TAG_LOCK_ORDER,
                               .thread = t->index,
                               .stack = inner->stack,
                               .other = outer->number + 1,
                               .other_stack = outer->stamped ? outer->stack : 0,
                               .weight = 1,
                               .start = inner->start_ticks,
                               .end = inner->start_ticks};
        write_row(t->holds, inner, &row);
    }
}

void lock_acquired(struct thread *t, struct lock *l, uint64_t since, uint32_t stack)
{
    lock_acquired_unrecorded(t, l, since ? since : now());
    if (l->start_ticks < l->end_ticks)
        l->start_ticks = l->end_ticks;
    /* Granted before it had the GIL again: others can have waited since. */
    if (since)
        l->owner_cycle--;
    l->row_due = l->countdown <= 1;
    l->stamped = true;
    l->estimated = false;
    l->stack = stack ? stack : lock_own_stack(t->holds);
    publish_hold(l);
    if (t->held_count && l->row_due)
        write_order(t, l);
}

void lock_taken_for_life(struct thread *t, struct lock *l)
{
    lock_count_acquisition(l);
    if (l->owner)
        return;
    l->owner = t;
    l->owner_thread = t->index;
}

static void write_hold(struct thread *t, struct lock *l, uint64_t end, uint32_t weight)
{
    struct lock_row row = {.tag = GILSCOPE_TAG_LOCK_HOLD,
                           .flags = (l->estimated ? GILSCOPE_LOCK_ROW_FLAG_START_ESTIMATED : 0) |
                                    (weight > 1 ? GILSCOPE_LOCK_ROW_FLAG_SAMPLED : 0),
                           .thread = l->owner_thread,
                           .stack = l->stack,
                           .other = t->index + 1,
                           .other_stack = lock_own_stack(t->holds),
                           .weight = weight,
                           .start = l->start_ticks,
                           .end = end};
    write_row(t->holds, l, &row);
}

void lock_released(struct thread *t, struct lock *l, uint64_t now)
{
    /* Only a hold during which the GIL was free can have made anybody wait. */
    bool lasting = t != l->owner || t->cycles != l->owner_cycle;
    uint64_t end = now > l->start_ticks ? now : l->start_ticks;
    bool own = l->exact && lasting;
    if (l->exact)
        l->entry->hold_ticks += end - l->start_ticks;
    if (own || l->row_due)
        write_hold(t, l, end, own ? 1 : l->distance);
    if (!own && l->row_due)
        lock_choose_distance(&t->holds->locks, l);
    else if (!own)
        l->countdown--;
    l->end_ticks = end;
    lock_forget_hold(l);
}

void lock_unhold_among(struct thread *owner, const struct lock *l)
{
    uint32_t n = owner->held_count, to = 0;
    for (uint32_t i = 0; i < n; i++)
        if (owner->held[i] != l)
            owner->held[to++] = owner->held[i];
    owner->held_count = to;
}

void lock_forget_hold(struct lock *l)
{
    lock_unhold(l);
    l->stamped = l->estimated = l->row_due = false;
    atomic_store_explicit(&l->entry->owner, 0, memory_order_release);
}

void *lock_made(void *object, uint32_t kind)
{
    if (probe.layout.free_threaded)
        return lane_lock_made(object, kind);
    struct gil *gil = recording_gil(thread_self);
    if (object && gil)
        lock_create(&gil->locks, object, kind, lock_own_stack(gil));
    return object;
}

void lock_freed(void *object)
{
    if (probe.layout.free_threaded) {
        lane_lock_freed(object);
        return;
    }
    struct thread *t = thread_self;
    struct gil *gil = recording_gil(t);
    struct lock *l = gil ? lock_of(&gil->locks, object) : NULL;
    if (!l)
        return;
    if (l->stamped)
        lock_released(t, l, now());
    lock_unhold(l);
    lock_destroy(&gil->locks, object);
}
