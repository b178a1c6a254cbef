/* What happens to a lock, as the hooks of its methods see it. Called by the holder of the GIL. */
#ifndef GILSCOPE_LOCK_EVENTS_H
#define GILSCOPE_LOCK_EVENTS_H

#include "thread.h"

/* An acquisition that found the lock held. */
struct lock_wait {
    uint64_t start_ticks;
    uint32_t cycles, stack, owner, owner_stack; /* owner: thread index + 1, 0 unknown */
};

/* Before the thread gives the GIL up to wait. The lock is recorded exactly from now on. */
void lock_wait_begin(struct thread *t, struct lock *lock, struct lock_wait *wait);
/* It has the GIL again. Returns the moment the lock was granted, or it gave up; 0: it did not wait. */
uint64_t lock_wait_end(struct thread *t, struct lock *lock, struct lock_wait *wait, bool acquired);

/* The thread has the lock, since `since` (0: since now). */
void lock_acquired(struct thread *t, struct lock *lock, uint64_t since, uint32_t stack);
/* The lock that was acquired with a stamp is no longer held; `now` was read while it still was. */
void lock_released(struct thread *t, struct lock *lock, uint64_t now);
/* An object that waits can be for was made, or is freed: null or not a lock changes nothing. Returns the object. */
void *lock_made(void *object, uint32_t kind);
void lock_freed(void *object);

/* The lock of a thread that lives, by that thread; or, as it ended, by one that waited for the end. */
void lock_taken_for_life(struct thread *t, struct lock *lock);
/* It is not held any more, and who let it go is not known. */
void lock_forget_hold(struct lock *lock);

/* Removes it from the locks that the thread holds, if it is among them. */
void lock_unhold_among(struct thread *owner, const struct lock *lock);

/* Node of the calling thread's stack. */
uint32_t lock_own_stack(struct gil *gil);

/* Nobody holds the lock. Its owner may be no more. */
static inline void lock_unhold(struct lock *lock)
{
    struct thread *owner = lock->owner;
    if (!owner)
        return;
    lock->owner = NULL;
    uint32_t n = owner->held_count;
    if (n && owner->held[n - 1] == lock)
        owner->held_count = n - 1;
    else
        lock_unhold_among(owner, lock);
}

static inline void lock_count_acquisition(struct lock *lock)
{
    uint64_t n = atomic_load_explicit(&lock->entry->acquires, memory_order_relaxed);
    atomic_store_explicit(&lock->entry->acquires, n + 1, memory_order_relaxed);
}

/* An acquisition that gets no row: it is of interest only if somebody comes to wait for the lock. */
static inline void lock_acquired_unrecorded(struct thread *t, struct lock *lock, uint64_t since)
{
    lock_count_acquisition(lock);
    if (t->held_count < MAX_HELD_LOCKS)
        t->held[t->held_count++] = lock;
    lock->owner = t;
    lock->owner_thread = t->index;
    lock->owner_cycle = t->cycles;
    lock->start_ticks = since;
}

#endif
