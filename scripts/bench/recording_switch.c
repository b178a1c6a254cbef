/*
 * Linked into a probe of its own (scripts/bench/recording-switch.mjs), which can stop recording and go on within a process. The
 * caller has the GIL, and no other thread runs Python: they wait for work.
 */
#include "probe.h"
#include "sampler.h"
#include "thread.h"

#include <stdlib.h>

#define MOST_THREADS 64u

static struct {
    struct thread *thread;
    struct gil *last, *holds;
} aside[MOST_THREADS];

static struct sampler_pause sampler;

static void stop(void)
{
    uint32_t count = 0;
    if (!sampler_pause(&sampler))
        abort();
    atomic_store(&probe.active, false);
    probe.forks++; /* waits that go on are left alone, as in a child */
    for (uint32_t i = 0; i < MOST_THREADS; i++) {
        struct thread *t = &probe.threads[0][i];
        if (!atomic_load(&t->taken))
            continue;
        aside[count].thread = t;
        aside[count].last = t->last;
        aside[count++].holds = t->holds;
        t->last = t->holds =
            NULL; /* so that its hooks know no GIL, and call what they stand before */
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
    sampler_resume(&sampler);
}

__attribute__((visibility("default"))) void gilscope_bench_record(int on)
{
    if (on != atomic_load(&probe.active))
        (on ? go_on : stop)();
}
