/* What stands in for the methods of Python's lock types. */
#ifndef GILSCOPE_LOCK_METHODS_H
#define GILSCOPE_LOCK_METHODS_H

#include "python_patch.h"

/* The functions that were there before. */
struct lock_methods {
    uint32_t locked_at;          /* of a Lock: the byte whose lowest bit says that it is held */
    uint32_t r_lock_owner_at;    /* of an RLock: the identifier of the thread that holds it, or 0 */
    uint64_t r_lock_first_depth; /* how its depth is counted: of an RLock that was acquired once */
    bool refused;                /* they are not as expected: said once */
    struct {
        python_function acquire, acquire_lock, enter, release, release_lock, exit;
    } lock;
    struct {
        python_function acquire, enter, acquire_restore, release, exit, release_save;
    } r_lock;
    python_function allocate_lock, allocate, set_sentinel;
    void *(*lock_new)(void *, void *, void *);
    void *(*r_lock_new)(void *, void *, void *);
    void (*lock_dealloc)(void *);
    void (*r_lock_dealloc)(void *);
};

/* The module `_thread` has been made, in any interpreter. */
void lock_methods_patch(void *module);

#endif
