#include "clock.h"
#include "trace_format.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The kernel drops the counter as its clock source when it finds it unsteady or not synchronous over the cores. */
static bool kernel_trusts_processor_clock(void)
{
    char name[32] = {0};
    int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                  O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, name, sizeof name - 1);
    close(fd);
    return n > 0 && (!strncmp(name, "tsc", 3) || !strncmp(name, "arch_sys_counter", 16));
}

uint32_t clock_choose(void)
{
    return processor_clock_is_steady() && kernel_trusts_processor_clock()
               ? PROCESSOR_CLOCK
               : GILSCOPE_CLOCK_MONOTONIC_NS;
}
