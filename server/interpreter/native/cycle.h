/* What happens to a GIL, as the hooks see it. Called with the GIL's own mutex held, so in one order for all threads. */
#ifndef GILSCOPE_CYCLE_H
#define GILSCOPE_CYCLE_H

#include "probe.h"
#include "thread.h"
#include "unwind.h"

/* The thread starts to ask for the GIL. Called before the GIL's mutex is taken. */
void cycle_request(struct thread *t, struct gil *gil, uint64_t now);

/* As it, if nothing is to be done but to note the moment; false: nothing was. */
static inline bool cycle_request_quickly(struct thread *t, struct gil *gil, uint64_t now)
{
    uint64_t off_ticks = now - t->released_ticks;
    if (t->asking == gil || t->drop_requested ||
        cpu_time_is_due(&t->cpu, off_ticks, now, probe.long_gap_ticks))
        return false;
    t->asking = gil;
    t->contended = false;
    t->request_ticks = now;
    t->after_release = false;
    return true;
}

/* It found the GIL held, and will sleep. */
void cycle_contended(struct thread *t);
/* Its switch interval ran out and nobody else took the GIL: it asks for the end of the hold. */
void cycle_asked(struct thread *t, uint64_t now);
void cycle_acquired(struct thread *t, uint64_t now);
/*
 * Free-threaded builds: it no longer needs the GIL, which an import had switched on for itself. Its wait is written as that of a
 * hold without length. The GIL's mutex is held, and nobody holds the GIL.
 */
void cycle_refused(struct thread *t, uint64_t now);
/* The holder enters drop_gil: the last moment its stack is its own. Called before the GIL's mutex is taken. */
void cycle_releasing(struct thread *t);
/* `from`: where drop_gil signalled; needed only if the GIL's end was asked for. */
void cycle_released(struct thread *t, uint64_t now, const struct call_site *from);
/* drop_gil goes to sleep until another thread has taken the GIL … */
void cycle_switch_wait(struct thread *t);
/* … and wakes. */
void cycle_switch_end(struct thread *t, uint64_t now);

#endif
