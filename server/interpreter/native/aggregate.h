/* Totals of cycles that found no room in a stream. */
#ifndef GILSCOPE_AGGREGATE_H
#define GILSCOPE_AGGREGATE_H

#include "thread.h"

/* Adds the cycle that `t` ends `now` to the totals of its thread and of its stacks. For hooks. */
void aggregate_cycle(struct gil *gil, struct thread *t, uint64_t now);

#endif
