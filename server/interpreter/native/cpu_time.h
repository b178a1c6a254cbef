/*
 * A thread's CPU time around the stretches in which it is off the GIL, which tells whether it computed there or was
 * blocked. Reading that clock is a system call: it is read only where what passed is far longer.
 */
#ifndef GILSCOPE_CPU_TIME_H
#define GILSCOPE_CPU_TIME_H

#include "stream.h"

#include <stdbool.h>

#define CPU_RECORD_BYTES 33u
/* Where there is nothing but short stretches, the clock is read once in so many times the long gap (100 µs). */
#define CPU_TIME_GAPS 10u
/* A hold of so many times the long gap is followed by a reading, which costs less than a 500th of it. */
#define CPU_TIME_LONG_HOLD 2u

/* One reading; ticks 0: none. */
struct cpu_reading {
    uint64_t ticks, cpu_ns, held_ticks;
};

struct cpu_time {
    bool is_unwritten;   /* a reading that was made at a request */
    bool is_behind;      /* a long hold ended without one: the thread only waits for its turn */
    uint64_t read_ticks; /* of the last reading */
    uint64_t held_ticks; /* holds so far */
};

static inline bool cpu_time_is_due(const struct cpu_time *t, uint64_t off_ticks, uint64_t now,
                                   uint64_t long_gap_ticks)
{
    return off_ticks > long_gap_ticks / 2 || now - t->read_ticks > CPU_TIME_GAPS * long_gap_ticks;
}

/* A thread may lose its core while it holds: after a long hold the clock alone tells how much of it was on a CPU. */
static inline bool cpu_time_is_due_after(uint64_t hold_ticks, uint64_t long_gap_ticks)
{
    return hold_ticks > CPU_TIME_LONG_HOLD * long_gap_ticks;
}

/* Of the calling thread. */
struct cpu_reading cpu_time_read(struct cpu_time *t, uint64_t now);

uint8_t *cpu_time_put(uint8_t *p, uint32_t thread, const struct cpu_reading *reading);

#endif
