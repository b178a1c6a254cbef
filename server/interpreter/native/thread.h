/* What the probe keeps of each thread. */
#ifndef GILSCOPE_THREAD_H
#define GILSCOPE_THREAD_H

#include "cpu_time.h"
#include "drop_caller.h"
#include "gil.h"
#include "lane.h"

/* Locks that a thread is known to hold at the same time; of more the rest is not told apart. */
#define MAX_HELD_LOCKS 16u

struct thread {
    /* The first two cache lines are what a cycle touches. */
    _Alignas(CACHE_LINE_BYTES) struct gil *holds; /* the GIL it has */
    struct gil *asking;                           /* the GIL it asked for */
    struct gil *last;                             /* the GIL it had last, or has */
    uint64_t request_ticks, acquired_ticks, released_ticks, switch_end_ticks;
    uint64_t wait_start_ticks; /* of the hold that is going on */
    uintptr_t last_state;      /* thread state at the last release */
    uint32_t last_stack;       /* node at the last release */
    uint32_t release_stack;    /* node found at the entry of the release that is going on */
    uint32_t index;            /* in the trace */
    uint32_t cycles;
    uint8_t hold_flags; /* GILSCOPE_CYCLE_FLAG_* of the hold that is going on */
    bool contended;
    bool after_release;  /* nothing has happened since its last release */
    bool drop_requested; /* its last release found a drop request pending … */
    uint8_t caller;      /* … and was made by this enum drop_caller */
    bool works;          /* on what it took from the queue of an executor */
    struct cpu_time cpu;
    struct thread_entry *entry;
    struct cpu_reading cpu_at_request; /* not yet written */
    uint64_t self_ticks;               /* spent in hooks of the cycle that is measured */
    uintptr_t id;                      /* pthread_self() */
    uint32_t held_count;
    struct lock *held[MAX_HELD_LOCKS];
    /* Without a GIL: */
    struct lane_wait *waits_in; /* the call that is going on, of a method that may wait */
    uint64_t spin_start_ticks, spin_end_ticks;
    uintptr_t spin_site; /* where it was called from */
    uint32_t spins, spin_stack;
    _Atomic(void *) sleeps_on; /* a semaphore; and who let it go, index + 1, at which node: */
    uint32_t woken_by, woken_at_stack;
    const void *let_go_itself; /* the semaphore of its own that it posted */
    /* Kept when the structure becomes another thread's: */
    _Atomic uint32_t taken;
    uint32_t number; /* of the structure, and of its lane */
    struct lane lane;
};

/*
 * The node at its last release of this GIL; 0 where it has had another since. It may be getting one at this moment, so
 * these two fields are written and read whole.
 */
static inline uint32_t thread_last_stack(const struct thread *t, const struct gil *gil)
{
    uint32_t stack = __atomic_load_n(&t->last_stack, __ATOMIC_ACQUIRE);
    return __atomic_load_n(&t->last, __ATOMIC_RELAXED) == gil ? stack : 0;
}

/* The calling thread, null until its first GIL call. */
extern __thread struct thread *thread_self __attribute__((tls_model("initial-exec")));

/*
 * Makes the calling thread known. Null: no room; its GIL calls are not recorded then. For hooks, which otherwise make no
 * system calls: here the first call of a thread asks for its number, and makes room where none was kept spare.
 */
struct thread *thread_attach(void);

/* A thread that is about to be created, with its name (or null). Not for hooks. */
struct thread *thread_prepare(const char *name);
/* Called first on that thread. */
void thread_begin(struct thread *thread);

/* The thread that pthread_self() calls that, or null. */
struct thread *thread_of_id(uintptr_t id);

void thread_rename(struct thread *thread, const char *name);

/* Keeps spare room, so that thread_attach() finds some. Makes system calls: for the probe's own thread. */
void thread_table_prepare(void);
/* A forked child keeps only the calling thread. */
void thread_table_restart(void);
bool thread_table_open(void);

#endif
