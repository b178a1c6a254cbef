/*
 * Linked into a probe of its own (scripts/bench/recording-switch.mjs), which can stop recording and go on within a process. The
 * caller has the GIL, and no other thread runs Python: they wait for work.
 */
#include "bare_thread.h"
#include "probe.h"
#include "thread.h"

#include <sched.h>
#include <stdlib.h>
#include <sys/sem.h>
#include <sys/syscall.h>

#define MOST_THREADS 64u
#define LONGEST_NS 10000000000u

static struct {
    struct thread *thread;
    struct gil *last, *holds;
} aside[MOST_THREADS];

static int gate = -1;
static struct sembuf pass = {0, -1, 0};

static void must(bool is_so)
{
    if (!is_so)
        abort();
}

/* The probe's own thread comes to wait at a semaphore, on the way by which it makes calls for the program. */
static void hold_sampler(void)
{
    struct sampler_call *call = &probe.sampler_call;
    if (gate < 0)
        must((gate = semget(IPC_PRIVATE, 1, 0600)) >= 0);
    call->number = SYS_semop;
    call->a = gate;
    call->b = (long)&pass;
    call->c = 1;
    atomic_store(&call->done, 0);
    atomic_store(&call->state, CALL_ASKED);
    atomic_store(&probe.sampler_stop, SAMPLER_ASKED);
    bare_thread_wake(&probe.sampler_stop);
    while (atomic_load(&call->state) == CALL_ASKED)
        sched_yield();
}

static void let_sampler_go(void)
{
    struct sampler_call *call = &probe.sampler_call;
    struct sembuf open = {0, 1, 0};
    must(semop(gate, &open, 1) == 0 && bare_thread_await(&call->done, LONGEST_NS) &&
         call->result == 0);
    atomic_store(&call->state, CALL_NONE);
}

/* A thread that let the GIL go may still write that down, while who waited for it has come here already. */
static void await_release(struct thread *t)
{
    while (t != thread_self && __atomic_load_n(&t->holds, __ATOMIC_ACQUIRE))
        sched_yield();
}

static void stop(void)
{
    uint32_t count = 0;
    hold_sampler();
    atomic_store(&probe.active, false);
    probe.forks++; /* waits that go on are left alone, as in a child */
    for (uint32_t i = 0; i < MOST_THREADS; i++) {
        struct thread *t = &probe.threads[0][i];
        if (!atomic_load(&t->taken))
            continue;
        await_release(t);
        aside[count].thread = t;
        aside[count].last = t->last;
        aside[count++].holds = t->holds;
        /* So that its hooks know no GIL, and call what they stand before. */
        t->last = t->holds = NULL;
    }
    for (; count < MOST_THREADS; count++)
        aside[count].thread = NULL;
}

static void go_on(void)
{
    for (uint32_t i = 0; i < MOST_THREADS && aside[i].thread; i++) {
        aside[i].thread->last = aside[i].last;
        aside[i].thread->holds = aside[i].holds;
    }
    probe.forks++;
    atomic_store(&probe.active, true);
    let_sampler_go();
}

/* Runs when the program ends as it should: what is left of a semaphore outlives its process. */
static __attribute__((destructor)) void remove_gate(void)
{
    if (gate >= 0)
        semctl(gate, 0, IPC_RMID);
}

__attribute__((visibility("default"))) void gilscope_bench_record(int on)
{
    if (on != atomic_load(&probe.active))
        (on ? go_on : stop)();
}
