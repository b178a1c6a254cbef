/* AArch64: the virtual counter, which the architecture defines as constant and synchronous. */
#ifndef GILSCOPE_CLOCK_ARM64_H
#define GILSCOPE_CLOCK_ARM64_H

#include <stdbool.h>
#include <stdint.h>

#define PROCESSOR_CLOCK GILSCOPE_CLOCK_CNTVCT

static inline uint64_t processor_ticks(void)
{
    uint64_t ticks;
    __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
    return ticks;
}

static inline bool processor_clock_is_steady(void)
{
    return true;
}

#endif
