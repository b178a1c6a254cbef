/*
 * The probe's own thread: it samples the stack of each GIL's holder, without signals and without the GIL, and keeps
 * room ready for the hooks.
 */
#ifndef GILSCOPE_SAMPLER_H
#define GILSCOPE_SAMPLER_H

#include <stdbool.h>

/* False: no thread could be made. */
bool sampler_start(void);
/* The program ends: the thread is told to stop, and not waited for, since that would make the program's end later. */
void sampler_end(void);

#endif
