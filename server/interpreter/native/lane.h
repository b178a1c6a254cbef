/*
 * What threads of a free-threaded build write. Without a GIL nothing orders them, so each has a stream of its own for
 * what it waited for and held, its lane; stacks and locks are known to all, in tables of the process.
 */
#ifndef GILSCOPE_LANE_H
#define GILSCOPE_LANE_H

#include "lock_table.h"
#include "remote_memory.h"
#include "stacks.h"

/* Threads that sleep at the same time whose wakers are told apart; a power of two. */
#define SLEEPER_SLOTS 1024u

struct thread;

/* Of one of the probe's structures of threads, and so of one thread after the other. */
struct lane {
    struct stream stream;
    struct stack_cache_slot *cache;
};

struct lanes {
    struct stream stream; /* of the definitions of stacks */
    struct stack_table stacks;
    _Atomic bool has_stacks, no_stacks;
    atomic_flag busy; /* guards the stacks */
    struct lock_table locks;
    struct remote_memory memory; /* to look at what may be an object */
    bool has_memory;
    _Atomic uintptr_t spin_site; /* where in the interpreter a thread spins before it sleeps */
    _Atomic(struct thread *) sleepers[SLEEPER_SLOTS];
    _Atomic bool gil_seen_enabled;
    atomic_flag import_busy;
    char importing[128]; /* the extension module that was looked up last */
};

/* Not for hooks. A forked child begins anew, without the threads that it lost. */
void lanes_open(void);
void lanes_restart(void);
void lane_forget(struct lane *lane);

/* With what the threads of the program read memory that may go away; null: there is no way. */
struct remote_memory *lanes_memory(void);

/* The calling thread, if it is one of Python's that is recorded; else null. */
struct thread *lane_thread(void);

/* Its thread state, whether it is attached or not; 0: none. */
uintptr_t lane_own_state(void);

/* Node of the calling thread's stack. Keeps errno. */
uint32_t lane_own_stack(struct thread *t);

struct lock_row;
void lane_write(struct thread *t, struct lock *lock, const struct lock_row *row);

/*
 * A free-threaded build may switch its GIL on for good: looks whether it has. `memory`: of the calling thread's own
 * descriptors; null: only the main interpreter is looked at. Not for hooks of the GIL.
 */
void lanes_watch_gil(struct remote_memory *memory);
/* An extension module is about to be loaded. */
void lanes_note_import(const char *symbol);

#endif
