/* A call of a method of a lock, and what the lock's object tells of it. */
#ifndef GILSCOPE_LOCK_CALL_H
#define GILSCOPE_LOCK_CALL_H

#include "probe.h"

struct lock_call {
    python_function real;
    void *self, *a, *b, *c, *d;
    uint32_t kind;
};

static inline void *go_on(const struct lock_call *call)
{
    return call->real(call->self, call->a, call->b, call->c, call->d);
}

static inline bool is_locked(const void *lock)
{
    return __atomic_load_n((const uint8_t *)lock + probe.lock_methods.locked_at, __ATOMIC_RELAXED) &
           1;
}

static inline uintptr_t r_lock_owner(const void *lock)
{
    return *(const volatile uintptr_t *)((const uint8_t *)lock +
                                         probe.lock_methods.r_lock_owner_at);
}

/* How often its owner has acquired an RLock: just behind the owner, counted from 0 or 1. */
static inline uint64_t r_lock_depth(const void *lock)
{
    return *(const volatile uint64_t *)((const uint8_t *)lock + probe.lock_methods.r_lock_owner_at +
                                        8);
}

static inline bool is_held(const void *lock, uint32_t kind)
{
    return kind == GILSCOPE_LOCK_KIND_R_LOCK ? r_lock_owner(lock) != 0 : is_locked(lock);
}

static inline uintptr_t own_id(void)
{
    return (uintptr_t)pthread_self();
}

/* In SemLockObject after the head: handle, last_tid, count, maxvalue, kind (Modules/_multiprocessing/semaphore.c). */
static inline int32_t semaphore_number(const void *semaphore, uint32_t at)
{
    return *(const volatile int32_t *)((uintptr_t)semaphore + probe.layout.object_bytes + at);
}

static inline bool is_mutex(const void *semaphore)
{
    return semaphore_number(semaphore, 20) == 1;
}

static inline bool is_recursive(const void *semaphore)
{
    return semaphore_number(semaphore, 24) == 0;
}

/*
 * How often who holds a mutex has acquired it. Only a recursive one can be acquired again: a child that was forked with
 * the numbers of its parent's hold may count on from them.
 */
static inline int32_t mutex_depth(const void *semaphore)
{
    return is_recursive(semaphore) ? semaphore_number(semaphore, 16) : 1;
}

/* Whether a call that may wait got what it asked for; a semaphore says so, the others fail or are cut short. */
static inline bool got_it(const struct lock_call *call, const void *result)
{
    return call->kind == GILSCOPE_LOCK_KIND_SEM_LOCK ? result == (const void *)probe.api.true_object
                                                     : result != NULL;
}

#endif
