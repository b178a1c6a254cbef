/* The clock of the events, in ticks: the processor's invariant counter where the kernel itself trusts it. */
#ifndef GILSCOPE_CLOCK_H
#define GILSCOPE_CLOCK_H

#include <stdint.h>
#include <time.h>

#if defined(__x86_64__)
#include "clock_x86_64.h"
#elif defined(__aarch64__)
#include "clock_arm64.h"
#else
#error "no clock for this processor: add clock_<processor>.h"
#endif

/* ns of any clock of the system; 0: there is no such clock. */
static inline uint64_t clock_ns(clockid_t clock)
{
    struct timespec t = {0, 0};
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* The clock of a thread's CPU time, as the kernel makes it up (CPUCLOCK_SCHED | CPUCLOCK_PERTHREAD_MASK). */
static inline clockid_t clock_of_thread(uint32_t tid)
{
    return (clockid_t)(~tid << 3 | 4 | 2);
}

/* GILSCOPE_CLOCK_*: what to stamp events with on this machine. Reads a file of the system: not for hooks. */
uint32_t clock_choose(void);

/* Now, by the clock that clock_choose() gave. */
static inline uint64_t clock_ticks(uint32_t kind)
{
    return __builtin_expect(kind != 0, 1) ? processor_ticks() : clock_ns(CLOCK_MONOTONIC);
}

/* One moment by both clocks: `ticks` of clock_choose()'s, `ns` of CLOCK_MONOTONIC. */
struct clock_anchor {
    uint64_t ticks, ns;
};

/*
 * The closest of a few readings: a thread may lose its processor between the two clocks, and two anchors tell the rate of
 * all events.
 */
static inline struct clock_anchor clock_anchor(uint32_t kind)
{
    struct clock_anchor best = {0, 0};
    uint64_t closest = UINT64_MAX;
    for (int i = 0; i < 5; i++) {
        uint64_t before = clock_ticks(kind), ns = clock_ns(CLOCK_MONOTONIC),
                 after = clock_ticks(kind);
        if (after - before >= closest)
            continue;
        closest = after - before;
        best = (struct clock_anchor){before + closest / 2, ns};
    }
    return best;
}

#endif
