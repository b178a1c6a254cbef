/* Calls of methods of locks where there is no GIL: other threads do the same at the same time. */
#ifndef GILSCOPE_LANE_LOCKS_H
#define GILSCOPE_LANE_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

struct lock;
struct lock_call;
struct thread;

/* What a thread waits for in a call, as far as it has come. */
struct lane_wait {
    struct lock *lock;
    struct lane_wait *outer;            /* of the call in which this one is made */
    uint64_t start_ticks, end_ticks;    /* 0: it has not waited */
    uint32_t stack, owner, owner_stack; /* owner: thread index + 1 when it began */
    bool slept;
};

void *lane_acquire(const struct lock_call *call);
/* `releases_all`: however often its owner has acquired the RLock. */
void *lane_release(const struct lock_call *call, bool releases_all);

/* A call that may wait for something that nobody holds. `owner`: the thread that it waits for, or null. */
void *lane_wait_in(const struct lock_call *call, struct thread *owner);
/* As it, where sleeping is not seen: `waits` says whether the call is about to. */
void *lane_wait_around(const struct lock_call *call, bool waits);

void *lane_lock_made(void *object, uint32_t kind);
void lane_lock_freed(void *object);

/* The thread begins to wait for the lock, since `start_ticks`; the wait is over. */
void lane_wait_begin(struct thread *t, struct lane_wait *wait, uint64_t start_ticks);
void lane_wait_end(struct thread *t, const struct lane_wait *wait, uint8_t flags, uint32_t other,
                   uint32_t other_stack);

#endif
