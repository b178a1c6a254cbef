#include "cpu_time.h"
#include "clock.h"

struct cpu_reading cpu_time_read(struct cpu_time *t, uint64_t now)
{
    t->read_ticks = now;
    return (struct cpu_reading){now, clock_ns(CLOCK_THREAD_CPUTIME_ID), t->held_ticks};
}

uint8_t *cpu_time_put(uint8_t *p, uint32_t thread, const struct cpu_reading *reading)
{
    *p++ = GILSCOPE_TAG_CPU;
    p = put_u32(p, CPU_RECORD_BYTES);
    p = put_u32(p, thread);
    p = put_u64(p, reading->ticks);
    p = put_u64(p, reading->cpu_ns);
    return put_u64(p, reading->held_ticks);
}
