/* x86-64: the time stamp counter. */
#ifndef GILSCOPE_CLOCK_X86_64_H
#define GILSCOPE_CLOCK_X86_64_H

#include <cpuid.h>
#include <stdbool.h>
#include <stdint.h>
#include <x86intrin.h>

#define PROCESSOR_CLOCK GILSCOPE_CLOCK_TSC

static inline uint64_t processor_ticks(void)
{
    return __rdtsc();
}

/* Invariant counter: CPUID 80000007H, EDX bit 8. */
static inline bool processor_clock_is_steady(void)
{
    unsigned a, b, c, d;
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) && (d & 0x100u);
}

#endif
