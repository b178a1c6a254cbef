/*
 * How threads of a free-threaded build wait for anything inside the interpreter: they spin for a little, and then sleep
 * on a semaphore of their own (Python/parking_lot.c), in this order.
 */
#ifndef GILSCOPE_LANE_SLEEP_H
#define GILSCOPE_LANE_SLEEP_H

#include "hooks.h"

#include <stdint.h>

struct thread;

/* The hooks that see it, beside those of hook_table(). Ends with a null name. */
const struct hook *sleep_hook_table(void);

/* The thread has spun, and did not sleep: writes what is known of that. */
void lane_spin_over(struct thread *t);
/* Since when the thread has spun for the lock it now has or gave up; 0: it has not. */
uint64_t lane_take_spin(struct thread *t);

#endif
