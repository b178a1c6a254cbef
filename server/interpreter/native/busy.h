/*
 * Exclusion for the few steps of a free-threaded build that no single writer does. No pthread mutex: those of libc may be
 * what is being recorded.
 */
#ifndef GILSCOPE_BUSY_H
#define GILSCOPE_BUSY_H

#include <sched.h>
#include <stdatomic.h>

static inline void busy_enter(atomic_flag *busy)
{
    for (unsigned tries = 0; atomic_flag_test_and_set_explicit(busy, memory_order_acquire); tries++)
        if (tries % 64 == 63)
            sched_yield();
}

static inline void busy_leave(atomic_flag *busy)
{
    atomic_flag_clear_explicit(busy, memory_order_release);
}

#endif
