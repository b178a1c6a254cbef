/*
 * Thread names as Python knows them, read with the public C API where the GIL is held and no GIL hook is running.
 * From 3.14 on Python tells the system the name that a thread sets of itself (Lib/threading.py, Thread.name). Of no other
 * that is set after the start anything tells: the name is read once more when the thread ends, or when the program does.
 */
#ifndef GILSCOPE_THREAD_NAMES_H
#define GILSCOPE_THREAD_NAMES_H

#include "python_patch.h"

#include <stddef.h>

/* A code object that was seen to call, what it is in the lower bits of its address, and what tells it from a later one. */
struct caller_slot {
    _Atomic uintptr_t code, mark;
};
#define CALLER_SLOTS 64u

struct thread_names {
    python_function get_ident, shutdown; /* that were there before */
    struct caller_slot callers[CALLER_SLOTS];
};

/*
 * `_name` of the threading.Thread that is `self` in the innermost Python frame, as UTF-8: in the call that starts an OS
 * thread this is Thread.start, in the one that tells the OS a name (3.14+) a method of Thread too. False: there is none.
 */
bool name_of_thread_in_frame(char *name, size_t bytes);

/* The module `_thread` has been made, in any interpreter. */
void thread_names_patch(void *module);

/* Called where threading._shutdown may be the caller: then all threads that are left get the names they have now. */
void thread_names_at_shutdown(void);

#endif
