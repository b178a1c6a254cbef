/* What stands in for methods that wait for something that is no lock of threading: a queue, a thread, a semaphore. */
#ifndef GILSCOPE_WAIT_METHODS_H
#define GILSCOPE_WAIT_METHODS_H

#include "python_patch.h"

/* The functions that were there before. */
struct wait_methods {
    struct {
        python_function get, get_nowait, put;
    } queue;
    struct {
        python_function join;
    } handle;
    struct {
        python_function acquire, enter, release, exit;
    } semaphore;
    python_function shutdown;
    void *(*queue_new)(void *, void *, void *), *(*handle_new)(void *, void *, void *),
        *(*semaphore_new)(void *, void *, void *);
    int (*task_init)(void *, void *, void *);
    void (*queue_dealloc)(void *), (*handle_dealloc)(void *), (*semaphore_dealloc)(void *);
};

/* The module `_thread`, `_queue`, `_multiprocessing`, `_asyncio` has been made, in any interpreter. */
void thread_handles_patch(void *module);
void queue_methods_patch(void *module);
void semaphore_methods_patch(void *module);
void task_methods_patch(void *module);

#endif
