/* Thread names as Python knows them, read with the public C API where the GIL is held and no GIL hook is running. */
#ifndef GILSCOPE_THREAD_NAMES_H
#define GILSCOPE_THREAD_NAMES_H

#include <stdbool.h>
#include <stddef.h>

/*
 * `_name` of the threading.Thread that is `self` in the innermost Python frame, as UTF-8: in the call that starts an OS
 * thread this is Thread.start, in the one that tells the OS a name (3.14+) a method of Thread too. False: there is none.
 */
bool name_of_thread_in_frame(char *name, size_t bytes);

#endif
