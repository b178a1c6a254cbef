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

/*
 * Ends the thread for the time of a call for which the program must be alone with its own threads, and starts it again as
 * what the program then is, with the trace open that this may no longer reach. False: there is none in this process, and
 * nothing to resume. Not for hooks.
 */
struct sampler_pause {
    int descriptor;
    bool ended;
};
/*
 * Makes the system call in the thread, too, as libc does in those that it knows, so that no thread keeps what the program
 * gave up. Returns when that is done. Not for hooks.
 */
void sampler_do(long number, long a, long b, long c);

bool sampler_pause(struct sampler_pause *pause);
void sampler_resume(const struct sampler_pause *pause);

#endif
