#include "hooks.h"
#include "checked_stack.h"
#include "cycle.h"
#include "module_hooks.h"
#include "probe.h"
#include "thread_names.h"

#include <errno.h>
#include <stdlib.h>

/* The cycles of which the probe's own time is measured: one in so many of a thread. */
#define SELF_EVERY 64u

static inline uint64_t now(void)
{
    return clock_ticks(probe.clock);
}

static inline bool measures_itself(const struct thread *t)
{
    return t->cycles % SELF_EVERY == SELF_EVERY - 1;
}

/*
 * A hook saves no registers unless it calls something before the real function: what is rare or long is in functions of
 * their own, which end as the hook would.
 */
#define APART static __attribute__((noinline))

/* A thread for which there is no room takes the mutex twice in a cycle: to ask for the GIL, and to release it. */
static void count_unrecorded(void)
{
    static __thread bool asked __attribute__((tls_model("initial-exec")));
    asked = !asked;
    if (asked)
        atomic_fetch_add(&probe.file.header->unrecorded_cycles, 1);
}

APART int lock_unknown(struct thread *t, pthread_mutex_t *mutex)
{
    struct gil *gil = probe_is_active() ? gil_of_mutex(mutex) : NULL;
    if (gil && (t || (t = thread_attach())))
        cycle_request(t, gil, now());
    else if (gil)
        count_unrecorded();
    return probe.real.mutex_lock(mutex);
}

APART int lock_to_ask(struct thread *t, pthread_mutex_t *mutex)
{
    cycle_request(t, t->last, now());
    return probe.real.mutex_lock(mutex);
}

APART int lock_to_release(struct thread *t, pthread_mutex_t *mutex)
{
    uint64_t start = measures_itself(t) ? now() : 0;
    cycle_releasing(t);
    if (start)
        t->self_ticks = now() - start;
    return probe.real.mutex_lock(mutex);
}

static int hook_mutex_lock(pthread_mutex_t *mutex)
{
    struct thread *t = thread_self;
    struct gil *gil = t ? t->last : NULL;
    if (__builtin_expect(gil && mutex == gil->mutex, 1)) {
        if (t->holds)
            return lock_to_release(t, mutex);
        if (!probe.clock || !cycle_request_quickly(t, gil, processor_ticks()))
            return lock_to_ask(t, mutex);
    } else if (!gil || mutex != gil->switch_mutex) {
        return lock_unknown(t, mutex);
    }
    return probe.real.mutex_lock(mutex);
}

/* The last stretch of a measured cycle; one in which the thread lost its core is not the probe's time. */
static void count_self(struct thread *t, uint64_t stretch)
{
    uint64_t start = now(), clock_cost = now() - start;
    /* Three clock readings of each cycle are not inside a measured stretch. */
    uint64_t ticks = t->self_ticks + stretch + 3 * clock_cost;
    t->self_ticks = 0;
    if (ticks > probe.long_gap_ticks)
        return;
    atomic_fetch_add(&probe.file.header->self_ticks, ticks);
    atomic_fetch_add(&probe.file.header->self_cycles, 1);
}

/* Who waits wakes meanwhile. */
APART int signal_release(struct thread *t, pthread_cond_t *cond, const struct call_site *from)
{
    uint64_t stamp = now();
    int result = probe.real.cond_signal(cond);
    uint64_t start = measures_itself(t) ? now() : 0;
    cycle_released(t, stamp, from);
    if (start)
        count_self(t, now() - start);
    t->cycles++;
    return result;
}

APART int signal_acquisition(struct thread *t, pthread_cond_t *cond)
{
    uint64_t stamp = now();
    cycle_acquired(t, stamp);
    if (measures_itself(t))
        t->self_ticks += now() - stamp;
    return probe.real.cond_signal(cond);
}

APART int signal_refusal(struct thread *t, pthread_cond_t *cond)
{
    cycle_refused(t, now());
    return probe.real.cond_signal(cond);
}

static int hook_cond_signal(pthread_cond_t *cond)
{
    struct thread *t = thread_self;
    if (!t)
        return probe.real.cond_signal(cond);
    struct gil *gil = t->holds;
    if (gil && cond == gil->cond) {
        if (__builtin_expect(gil->asked_ticks != 0, 0))
            return signal_release(t, cond, &CALLED_FROM);
        return signal_release(t, cond, NULL);
    }
    if (t->asking && cond == t->asking->switch_cond)
        return signal_acquisition(t, cond);
    if (t->asking && cond == t->asking->cond)
        return signal_refusal(t, cond);
    return probe.real.cond_signal(cond);
}

static int hook_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                               const struct timespec *until)
{
    struct thread *t = thread_self;
    if (!t || !t->asking || cond != t->asking->cond)
        return probe.real.cond_timedwait(cond, mutex, until);
    cycle_contended(t);
    /* take_gil asks only if nobody else had the GIL meanwhile (gil->switch_number, just before the cond). */
    const volatile unsigned long *switches = (const volatile unsigned long *)cond - 1;
    unsigned long before = *switches;
    int result = probe.real.cond_timedwait(cond, mutex, until);
    if (result == ETIMEDOUT && *switches == before)
        cycle_asked(t, now());
    return result;
}

static int hook_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    struct thread *t = thread_self;
    if (!t || !t->last || t->holds || cond != t->last->switch_cond)
        return probe.real.cond_wait(cond, mutex);
    cycle_switch_wait(t);
    int result = probe.real.cond_wait(cond, mutex);
    cycle_switch_end(t, now());
    return result;
}

static int hook_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    int result = probe.real.mutex_init(mutex, attributes);
    int error = errno;
    probe_enter_forked_child();
    if (result == 0 && probe_is_active())
        gil_note_mutex_init(mutex);
    errno = error;
    return result;
}

static int hook_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
    int result = probe.real.cond_init(cond, attributes);
    int error = errno;
    if (result == 0 && probe_is_active())
        gil_note_cond_init(cond);
    errno = error;
    return result;
}

struct start {
    void *(*run)(void *);
    void *argument;
    struct thread *thread;
};

static void *run_thread(void *value)
{
    checked_stack_begin();
    struct start start = *(struct start *)value;
    free(value);
    thread_begin(start.thread);
    return start.run(start.argument);
}

/* Whether the calling thread may call Python: it holds a GIL, or where there is none, is attached. */
static bool is_running_python(void)
{
    if (!probe_is_active() || !thread_self)
        return false;
    return thread_self->holds ||
           (probe.layout.free_threaded && probe.api.thread_state && probe.api.thread_state());
}

/* A new thread gets its name here, where its creator holds the GIL and is inside Thread.start. */
static int hook_create(pthread_t *id, const pthread_attr_t *attributes, void *(*run)(void *),
                       void *argument)
{
    struct start *start = NULL;
    if (is_running_python() && (start = malloc(sizeof *start))) {
        char name[GILSCOPE_THREAD_NAME_BYTES];
        *start = (struct start){run, argument, NULL};
        start->thread = thread_prepare(name_of_thread_in_frame(name, sizeof name) ? name : NULL);
    }
    if (!start || !start->thread) {
        free(start);
        return probe.real.create(id, attributes, run, argument);
    }
    struct thread *thread = start->thread;
    int result = probe.real.create(id, attributes, run_thread, start);
    if (result != 0) {
        thread->entry->state = 2;
        atomic_store(&thread->taken, 0);
        free(start);
    }
    return result;
}

/* 3.14 and later: Python tells the system the name, cut to 15 bytes, when it is set. */
static int hook_setname(pthread_t id, const char *name)
{
    char full[GILSCOPE_THREAD_NAME_BYTES];
    if (is_running_python() && pthread_equal(id, pthread_self()) &&
        name_of_thread_in_frame(full, sizeof full))
        thread_rename(thread_self, full);
    return probe.real.setname(id, name);
}

static FILE *hook_open_file(const char *path, const char *mode)
{
    FILE *file = probe_hide_own_thread(path);
    return file ? file : probe.real.open_file(path, mode);
}

static FILE *hook_open_file64(const char *path, const char *mode)
{
    FILE *file = probe_hide_own_thread(path);
    return file ? file : probe.real.open_file64(path, mode);
}

static void *hook_find_symbol(void *library, const char *name)
{
    lanes_note_import(name);
    return module_hook_for(name, probe.real.find_symbol(library, name));
}

static void hook_exit_now(int code)
{
    probe_finish(code, true);
    probe.real.exit_now(code);
}

#define HOOK(symbol, version, function, field)                                                     \
    {                                                                                              \
        symbol, version, (void *)(function), (void **)(void *)&probe.real.field                    \
    }

const struct hook *hook_table(void)
{
#define V "GLIBC_2.3.2"
    static const struct hook table[] = {
        HOOK("pthread_mutex_lock", NULL, hook_mutex_lock, mutex_lock),
        HOOK("pthread_cond_signal", V, hook_cond_signal, cond_signal),
        HOOK("pthread_cond_timedwait", V, hook_cond_timedwait, cond_timedwait),
        HOOK("pthread_cond_wait", V, hook_cond_wait, cond_wait),
        HOOK("pthread_mutex_init", NULL, hook_mutex_init, mutex_init),
        HOOK("pthread_cond_init", V, hook_cond_init, cond_init),
        HOOK("pthread_create", NULL, hook_create, create),
        HOOK("pthread_setname_np", NULL, hook_setname, setname),
        HOOK("fopen", NULL, hook_open_file, open_file),
        HOOK("fopen64", NULL, hook_open_file64, open_file64),
        HOOK("dlsym", NULL, hook_find_symbol, find_symbol),
        HOOK("_exit", NULL, hook_exit_now, exit_now),
        {NULL, NULL, NULL, NULL},
    };
#undef V
    return table;
}
