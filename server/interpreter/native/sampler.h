/*
 * The probe's own thread: it samples the stack of each GIL's holder, without signals and without the GIL, and keeps
 * room ready for the hooks.
 */
#ifndef GILSCOPE_SAMPLER_H
#define GILSCOPE_SAMPLER_H

#include <stdbool.h>

/* False: no thread could be made. */
bool sampler_start(void);
/* Returns when the thread has ended. */
void sampler_stop(void);

#endif
