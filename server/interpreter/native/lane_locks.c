#include "lane_locks.h"
#include "lane_sleep.h"
#include "lock_call.h"
#include "lock_row.h"

static inline uint64_t now(void)
{
    return clock_ticks(probe.clock);
}

#define SET(field, value) __atomic_store_n(&(field), value, __ATOMIC_RELAXED)
#define GET(field) __atomic_load_n(&(field), __ATOMIC_RELAXED)

void lane_wait_begin(struct thread *t, struct lane_wait *w, uint64_t start_ticks)
{
    struct lock *l = w->lock;
    w->start_ticks = start_ticks;
    w->stack = lane_own_stack(t);
    struct thread *owner = GET(l->owner);
    w->owner = owner && owner != t ? GET(l->owner_thread) + 1 : 0;
    w->owner_stack = owner && owner != t ? GET(l->stack) : 0;
    SET(l->exact, true);
    SET(l->wanted, true);
    __atomic_fetch_add(&l->waiting, 1, __ATOMIC_RELAXED);
    struct thread_entry *e = t->entry;
    e->lock_wait_start_ticks = start_ticks;
    e->lock_wait_stack = w->stack;
    e->lock_wait_owner = w->owner;
    e->lock_wait_gil = GILSCOPE_LANES;
    atomic_store_explicit(&e->waiting_lock, l->number + 1, memory_order_release);
}

void lane_wait_end(struct thread *t, const struct lane_wait *w, uint8_t flags, uint32_t other,
                   uint32_t other_stack)
{
    struct lock *l = w->lock;
    uint64_t end = w->end_ticks > w->start_ticks ? w->end_ticks : w->start_ticks;
    __atomic_fetch_sub(&l->waiting, 1, __ATOMIC_RELAXED);
    atomic_store_explicit(&t->entry->waiting_lock, 0, memory_order_release);
    __atomic_fetch_add(&l->entry->contended, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&l->entry->wait_ticks, end - w->start_ticks, __ATOMIC_RELAXED);
    struct lock_row row = {.tag = GILSCOPE_TAG_LOCK_WAIT,
                           .flags = flags | (w->slept ? 0 : GILSCOPE_LOCK_ROW_FLAG_SPUN),
                           .thread = t->index,
                           .stack = w->stack,
                           .other = other,
                           .other_stack = other_stack,
                           .weight = 1,
                           .start = w->start_ticks,
                           .end = end};
    lane_write(t, l, &row);
}

/* Only who holds a lock changes what is known of its hold; others may look. */
static bool holds(const struct thread *t, struct lock *l)
{
    return GET(l->owner) == t && GET(l->owner_thread) == t->index;
}

/* Locks that others released, or that were acquired again, are still among those that the thread held. */
static void forget_others(struct thread *t, const struct lock *but)
{
    uint32_t n = t->held_count, to = 0;
    for (uint32_t i = 0; i < n; i++)
        if (t->held[i] != but && holds(t, t->held[i]))
            t->held[to++] = t->held[i];
    t->held_count = to;
}

static void write_order(struct thread *t, struct lock *inner)
{
    forget_others(t, inner);
    for (uint32_t i = 0; i < t->held_count; i++) {
        struct lock *outer = t->held[i];
        struct lock_row row = {.tag = GILSCOPE_TAG_LOCK_ORDER,
                               .thread = t->index,
                               .stack = inner->stack,
                               .other = outer->number + 1,
                               .other_stack = GET(outer->stack),
                               .weight = 1,
                               .start = inner->start_ticks,
                               .end = inner->start_ticks};
        lane_write(t, inner, &row);
    }
}

static void publish_hold(struct lock *l)
{
    struct lock_entry *e = l->entry;
    e->hold_start_ticks = l->start_ticks;
    e->hold_stack = l->stack;
    atomic_store_explicit(&e->owner, l->owner_thread + 1, memory_order_release);
}

/* The calling thread has the lock. `since`: when it was granted, 0: just now. */
static inline void acquired(struct thread *t, struct lock *l, uint64_t since, uint32_t stack)
{
    uint64_t n = atomic_load_explicit(&l->entry->acquires, memory_order_relaxed);
    atomic_store_explicit(&l->entry->acquires, n + 1, memory_order_relaxed);
    uint64_t start = since ? since : now();
    l->start_ticks = start > l->end_ticks ? start : l->end_ticks;
    l->row_due = l->countdown <= 1;
    bool known = l->row_due || GET(l->exact);
    SET(l->stack, !known ? 0 : stack ? stack : lane_own_stack(t));
    SET(l->owner_thread, t->index);
    SET(l->owner, t);
    publish_hold(l);
    if (l->row_due && t->held_count)
        write_order(t, l);
    if (t->held_count == MAX_HELD_LOCKS)
        forget_others(t, l);
    if (t->held_count < MAX_HELD_LOCKS)
        t->held[t->held_count++] = l;
}

static bool acquired_it(const struct lock_call *call, const void *result)
{
    if (call->kind == GILSCOPE_LOCK_KIND_R_LOCK)
        return result && r_lock_owner(call->self) == own_id();
    return result == (const void *)probe.api.true_object;
}

static void begin_call(struct thread *t, struct lane_wait *w, struct lock *l)
{
    lane_spin_over(t);
    w->lock = l;
    w->outer = t->waits_in;
    t->waits_in = w;
}

/* False: a signal's handler forked meanwhile, and all that was known of the lock is gone. */
static bool end_call(struct thread *t, struct lane_wait *w, uint32_t forks)
{
    if (probe.forks != forks)
        return false;
    t->waits_in = w->outer;
    uint64_t spun_from = lane_take_spin(t);
    if (!w->start_ticks && spun_from) {
        lane_wait_begin(t, w, spun_from);
        w->end_ticks = t->spin_end_ticks;
    }
    return true;
}

void *lane_acquire(const struct lock_call *call)
{
    struct thread *t = lane_thread();
    bool inner = call->kind == GILSCOPE_LOCK_KIND_R_LOCK && r_lock_owner(call->self) == own_id();
    struct lock *l = t && !inner ? lock_meet(&probe.lanes.locks, call->self, call->kind) : NULL;
    if (!l)
        return go_on(call);
    struct lane_wait wait = {0};
    uint32_t forks = probe.forks;
    begin_call(t, &wait, l);
    void *result = go_on(call);
    if (!end_call(t, &wait, forks))
        return result;
    bool got_it = acquired_it(call, result);
    if (wait.start_ticks)
        lane_wait_end(t, &wait, got_it ? GILSCOPE_LOCK_ROW_FLAG_ACQUIRED : 0, wait.owner,
                      wait.owner_stack);
    if (got_it)
        acquired(t, l, wait.end_ticks, wait.stack);
    return result;
}

/* Whether the call will let the lock go. */
static bool releases(const struct lock_call *call, bool all)
{
    if (call->kind == GILSCOPE_LOCK_KIND_SEM_LOCK)
        return is_mutex(call->self) && mutex_depth(call->self) == 1;
    if (call->kind != GILSCOPE_LOCK_KIND_R_LOCK)
        return is_locked(call->self);
    return r_lock_owner(call->self) == own_id() &&
           (all || r_lock_depth(call->self) == probe.lock_methods.r_lock_first_depth);
}

/* Before the lock is let go: afterwards it may be another's at once. Returns the hold's row, of weight 0: none. */
static struct lock_row released(struct thread *t, struct lock *l)
{
    struct lock_row row = {0};
    bool exact = GET(l->exact);
    /* Who waits for a semaphore may be in another process. */
    bool own =
        exact && (GET(l->wanted) || GET(l->waiting) || l->kind == GILSCOPE_LOCK_KIND_SEM_LOCK);
    SET(l->wanted, false);
    if (exact || l->row_due) {
        uint64_t end = now();
        if (end < l->start_ticks)
            end = l->start_ticks;
        if (exact)
            l->entry->hold_ticks += end - l->start_ticks;
        if (own || l->row_due) {
            uint32_t weight = own ? 1 : l->distance;
            row = (struct lock_row){.tag = GILSCOPE_TAG_LOCK_HOLD,
                                    .flags = weight > 1 ? GILSCOPE_LOCK_ROW_FLAG_SAMPLED : 0,
                                    .thread = l->owner_thread,
                                    .stack = l->stack,
                                    .other = t->index + 1,
                                    .other_stack = lane_own_stack(t),
                                    .weight = weight,
                                    .start = l->start_ticks,
                                    .end = end};
        }
        l->end_ticks = end;
    }
    if (!own && l->row_due)
        lock_choose_distance(&probe.lanes.locks, l);
    else if (!own)
        l->countdown--;
    l->row_due = false;
    SET(l->owner, NULL);
    atomic_store_explicit(&l->entry->owner, 0, memory_order_release);
    return row;
}

void *lane_release(const struct lock_call *call, bool releases_all)
{
    struct thread *t = lane_thread();
    struct lock *l = t ? lock_of(&probe.lanes.locks, call->self) : NULL;
    if (!l || !GET(l->owner) || !releases(call, releases_all))
        return go_on(call);
    uint32_t forks = probe.forks;
    struct lock_row row = released(t, l);
    if (t->held_count && t->held[t->held_count - 1] == l)
        t->held_count--;
    else
        forget_others(t, l);
    void *result = go_on(call);
    if (row.weight && probe.forks == forks)
        lane_write(t, l, &row);
    return result;
}

static void count_acquisition(const struct lock_call *call, struct thread *t, struct lock *l,
                              const struct lane_wait *w)
{
    bool mutex = call->kind == GILSCOPE_LOCK_KIND_SEM_LOCK && is_mutex(call->self);
    if (!mutex)
        atomic_fetch_add_explicit(&l->entry->acquires, 1, memory_order_relaxed);
    else if (mutex_depth(call->self) == 1)
        acquired(t, l, w->end_ticks, w->stack);
}

static void *wait_in(const struct lock_call *call, struct thread *owner, bool around)
{
    struct thread *t = lane_thread();
    struct lock *l = t ? lock_meet(&probe.lanes.locks, call->self, call->kind) : NULL;
    if (!l)
        return go_on(call);
    struct lane_wait wait = {0};
    uint32_t forks = probe.forks;
    if (call->kind != GILSCOPE_LOCK_KIND_SEM_LOCK) {
        SET(l->owner_thread, owner ? owner->index : 0);
        SET(l->owner, owner);
    }
    begin_call(t, &wait, l);
    if (around) {
        lane_wait_begin(t, &wait, now());
        wait.slept = true;
    }
    void *result = go_on(call);
    if (!end_call(t, &wait, forks))
        return result;
    bool got = got_it(call, result);
    if (around)
        wait.end_ticks = now();
    if (wait.start_ticks)
        lane_wait_end(t, &wait, got ? GILSCOPE_LOCK_ROW_FLAG_ACQUIRED : 0, wait.owner,
                      wait.owner_stack);
    if (got)
        count_acquisition(call, t, l, &wait);
    return result;
}

void *lane_wait_in(const struct lock_call *call, struct thread *owner)
{
    return wait_in(call, owner, false);
}

void *lane_wait_around(const struct lock_call *call, bool waits)
{
    return wait_in(call, NULL, waits);
}

void *lane_lock_made(void *object, uint32_t kind)
{
    struct thread *t = object ? lane_thread() : NULL;
    if (t)
        lock_create(&probe.lanes.locks, object, kind, lane_own_stack(t));
    return object;
}

void lane_lock_freed(void *object)
{
    if (probe_is_active() && lock_of(&probe.lanes.locks, object))
        lock_destroy(&probe.lanes.locks, object);
}
