/*
 * Before any frame is read directly: whether this interpreter keeps its frames where its version should. A patched build
 * may not, and a wrong address would end the user's program.
 */
#ifndef GILSCOPE_FRAMES_TEST_H
#define GILSCOPE_FRAMES_TEST_H

#include "gil.h"

/*
 * Called at releases of a GIL that has no table of stacks: tries the frames of the thread state that holds it, and opens
 * the table once they were found sound. Makes system calls, but only until it is decided.
 */
void frames_try(struct gil *gil, uintptr_t state);

/* Whether frames can be read, tried with those of a thread state whose stack stands still. Keeps errno. */
bool frames_are_sound(uintptr_t state);

#endif
