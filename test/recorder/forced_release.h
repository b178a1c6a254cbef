/* Whether a release of the GIL was forced, told without the probe's help. */
#ifndef FORCED_RELEASE_H
#define FORCED_RELEASE_H

#include <stdint.h>

enum forced { OWN_ACCORD = 0, FORCED = 1 };

/* A pair of functions seen to release the GIL. */
struct caller;

/* Called in drop_gil with no lock held. `unclear`: where it takes the next request to tell; else null. */
enum forced forced_release_unwind(struct caller **unclear);

/* The thread asks again, `gap_ns` after a release that was not clear, which ended a hold of `last_hold_ns`. */
enum forced forced_release_clear_up(struct caller *caller, uint64_t last_hold_ns, uint64_t gap_ns);

/* Looks for the interpreter, once. */
void forced_release_find_python(void);

/* Whether forced releases are told by their timing. */
int forced_release_is_unsure(void);

#endif
