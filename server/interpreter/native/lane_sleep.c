#include "lane_sleep.h"
#include "lane_locks.h"
#include "lock_row.h"
#include "probe.h"

#include <errno.h>
#include <sched.h>

/* A semaphore of the parking lot lies in a caller's frame (struct wait_entry), this near to that of the hook. */
#define NEAR_BYTES 8192u
/* PyObject.ob_mutex (Include/object.h, free-threaded). */
#define MUTEX_IN_OBJECT 10u
/* PyThreadState.state is about here (40 in 3.13, 44 in 3.14): a thread that is stopped sleeps on its own. */
#define STATE_FROM 24u
#define STATE_TO 64u
/* Yields before a thread sleeps (MAX_SPIN_COUNT in Python/lock.c). */
#define SPINS_BEFORE_SLEEP 40u
#define SLEEPER_TRIES 8u
/* What the locks of the interpreter itself are known by, and those of objects that nobody saw anybody sleep for. */
static char runtime_locks, unknown_objects;

static inline uint64_t now(void)
{
    return clock_ticks(probe.clock);
}

/* The name of the type of what may be an object, into `name`; false: it is none. */
static bool type_of_object(uintptr_t object, uintptr_t *type, char *name, size_t bytes)
{
    const struct layout *l = &probe.layout;
    struct remote_memory *m = &probe.lanes.memory;
    uintptr_t meta = 0, text;
    if ((object & 7) || !probe.lanes.has_memory ||
        !remote_memory_read(m, object + l->type, type, sizeof *type) || !*type || (*type & 7))
        return false;
    const struct lock *known = lock_of(&probe.lanes.locks, (void *)(object + MUTEX_IN_OBJECT));
    if (known && known->type == *type)
        return true;
    uintptr_t at = *type;
    for (unsigned depth = 0; depth < 8 && meta != probe.type_type; depth++, at = meta)
        if (!at || (at & 7) || !remote_memory_read(m, at + l->type, &meta, sizeof meta))
            return false;
    /* tp_name is the first after the PyObject_VAR_HEAD */
    if (meta != probe.type_type ||
        !remote_memory_read(m, *type + l->object_bytes + 8, &text, sizeof text))
        return false;
    memset(name, 0, bytes);
    for (size_t n = 0; n < bytes - 1; n += 8)
        if (!remote_memory_read(m, text + n, name + n, bytes - n < 8 ? bytes - n : 8))
            break;
    name[bytes - 1] = 0;
    return name[0] != 0;
}

static struct lock *lock_in_object(uintptr_t mutex)
{
    uintptr_t type;
    char name[GILSCOPE_LOCK_TYPE_NAME_BYTES] = "";
    if (!type_of_object(mutex - MUTEX_IN_OBJECT, &type, name, sizeof name))
        return NULL;
    struct lock *known = lock_of(&probe.lanes.locks, (void *)mutex);
    if (known && known->type == type)
        return known;
    return lock_create_in_object(&probe.lanes.locks, (void *)mutex, type, name);
}

/* What the thread is about to sleep for; `in_call`: it is what the call of a lock's method is about. */
static struct lock *what_for(const struct thread *t, uintptr_t parked_at, bool *in_call)
{
    struct lock_table *locks = &probe.lanes.locks;
    uintptr_t state = lane_own_state();
    *in_call = false;
    if (!state)
        return NULL; /* none of Python's threads, or one that begins or ends */
    if (parked_at >= state + STATE_FROM && parked_at < state + STATE_TO) {
        const void *interpreter = *(void **)(state + probe.layout.state_to_interpreter);
        return lock_meet(locks, interpreter, GILSCOPE_LOCK_KIND_STOP_THE_WORLD);
    }
    struct lock *l = parked_at % 8 == MUTEX_IN_OBJECT % 8 ? lock_in_object(parked_at) : NULL;
    if (l)
        return l;
    if (t->waits_in) {
        *in_call = true;
        return t->waits_in->lock;
    }
    return lock_meet(locks, &runtime_locks, GILSCOPE_LOCK_KIND_RUNTIME);
}

static inline uint32_t sleeper_slot(const sem_t *semaphore)
{
    return (uint32_t)((uintptr_t)semaphore >> 4) * 2654435761u % SLEEPER_SLOTS;
}

static uint32_t announce(struct thread *t, sem_t *semaphore)
{
    uint32_t first = sleeper_slot(semaphore);
    t->woken_by = t->woken_at_stack = 0;
    atomic_store_explicit(&t->sleeps_on, semaphore, memory_order_release);
    for (uint32_t i = 0; i < SLEEPER_TRIES; i++) {
        uint32_t n = (first + i) % SLEEPER_SLOTS;
        struct thread *nobody = NULL;
        if (atomic_compare_exchange_strong(&probe.lanes.sleepers[n], &nobody, t))
            return n;
    }
    return SLEEPER_SLOTS;
}

static void withdraw(struct thread *t, uint32_t slot)
{
    if (slot < SLEEPER_SLOTS)
        atomic_store(&probe.lanes.sleepers[slot], NULL);
    atomic_store_explicit(&t->sleeps_on, NULL, memory_order_release);
}

static bool is_recent(const struct thread *t, uint64_t at)
{
    return t->spins && at - t->spin_end_ticks < probe.long_gap_ticks;
}

/* A sleep that is going on. */
struct sleep {
    struct thread *thread;
    struct lane_wait wait, *call;
    uint32_t slot, forks;
};

static void begin(struct sleep *s, sem_t *semaphore, uintptr_t frame)
{
    s->thread = NULL;
    struct thread *t = lane_thread();
    if (!t)
        return;
    if (t->let_go_itself == semaphore) {
        t->let_go_itself = NULL;
        t->spins = 0;
        return;
    }
    bool in_lot = (uintptr_t)semaphore - frame < NEAR_BYTES, in_call;
    uintptr_t parked_at = in_lot ? ((const uintptr_t *)semaphore)[-1] : 0;
    int error = errno;
    uint64_t start = now();
    struct lock *l = what_for(t, parked_at, &in_call);
    errno = error;
    if (!l)
        return;
    if (is_recent(t, start)) {
        if (in_lot && t->spins == SPINS_BEFORE_SLEEP)
            atomic_store_explicit(&probe.lanes.spin_site, t->spin_site, memory_order_relaxed);
        start = t->spin_start_ticks;
        t->spins = 0;
    }
    lane_spin_over(t);
    s->thread = t;
    s->forks = probe.forks;
    s->call = in_call ? t->waits_in : NULL;
    if (!s->call) {
        s->wait = (struct lane_wait){.lock = l, .slept = true};
        lane_wait_begin(t, &s->wait, start);
    } else if (!s->call->start_ticks) {
        lane_wait_begin(t, s->call, start);
    }
    s->slot = announce(t, semaphore);
}

static void end(struct sleep *s)
{
    struct thread *t = s->thread;
    if (!t || probe.forks != s->forks)
        return;
    uint64_t at = now();
    withdraw(t, s->slot);
    if (s->call) {
        s->call->end_ticks = at;
        s->call->slept = true;
        return;
    }
    s->wait.end_ticks = at;
    lane_wait_end(t, &s->wait, GILSCOPE_LOCK_ROW_FLAG_ACQUIRED, t->woken_by, t->woken_at_stack);
}

#define SLEEP(call)                                                                                \
    struct sleep sleep;                                                                            \
    begin(&sleep, semaphore, (uintptr_t)__builtin_frame_address(0));                               \
    int result = call;                                                                             \
    int error = errno;                                                                             \
    end(&sleep);                                                                                   \
    errno = error;                                                                                 \
    return result

static int hook_wait(sem_t *semaphore)
{
    SLEEP(probe.real.sem_wait(semaphore));
}

static int hook_timedwait(sem_t *semaphore, const struct timespec *until)
{
    SLEEP(probe.real.sem_timedwait(semaphore, until));
}

static int hook_clockwait(sem_t *semaphore, clockid_t clock, const struct timespec *until)
{
    SLEEP(probe.real.sem_clockwait(semaphore, clock, until));
}

/* Who wakes a thread had what it waited for, at the line where it is now. */
static int hook_post(sem_t *semaphore)
{
    struct thread *t = probe_is_active() ? thread_self : NULL;
    /*
     * A thread that comes to lock what it has locked itself, in a critical section around this one, gives that up as it
     * detaches to sleep (_PyCriticalSection_SuspendAll): nobody makes it wait.
     */
    if (t && (uintptr_t)semaphore - (uintptr_t)__builtin_frame_address(0) < NEAR_BYTES) {
        t->let_go_itself = semaphore;
        return probe.real.sem_post(semaphore);
    }
    uint32_t first = sleeper_slot(semaphore), stack = 0;
    for (uint32_t i = 0; t && i < SLEEPER_TRIES; i++) {
        struct thread *sleeper = atomic_load_explicit(
            &probe.lanes.sleepers[(first + i) % SLEEPER_SLOTS], memory_order_acquire);
        if (!sleeper ||
            atomic_load_explicit(&sleeper->sleeps_on, memory_order_acquire) != semaphore)
            continue;
        stack = stack ? stack : lane_own_stack(t);
        sleeper->woken_at_stack = stack;
        sleeper->woken_by = t->index + 1;
    }
    return probe.real.sem_post(semaphore);
}

void lane_spin_over(struct thread *t)
{
    uint32_t spins = t->spins;
    t->spins = 0;
    /* os.sched_yield() is no wait for anybody. */
    if (!spins ||
        t->spin_site != atomic_load_explicit(&probe.lanes.spin_site, memory_order_relaxed))
        return;
    struct lock *l = lock_of(&probe.lanes.locks, &unknown_objects);
    if (!l)
        l = lock_create_in_object(&probe.lanes.locks, &unknown_objects, 1, "");
    if (!l)
        return;
    struct lane_wait wait = {.lock = l};
    uint32_t stack = t->spin_stack;
    lane_wait_begin(t, &wait, t->spin_start_ticks);
    wait.end_ticks = t->spin_end_ticks;
    wait.stack = stack;
    lane_wait_end(t, &wait, GILSCOPE_LOCK_ROW_FLAG_ACQUIRED, 0, 0);
}

uint64_t lane_take_spin(struct thread *t)
{
    uint64_t since = t->spins ? t->spin_start_ticks : 0;
    t->spins = 0;
    return since;
}

static int hook_yield(void)
{
    struct thread *t = probe_is_active() ? thread_self : NULL;
    if (!t)
        return probe.real.yield();
    uintptr_t site = (uintptr_t)__builtin_return_address(0);
    uint64_t at = now();
    if (t->spins && (t->spin_site != site || t->spins == SPINS_BEFORE_SLEEP || !is_recent(t, at)))
        lane_spin_over(t);
    if (!t->spins) {
        t->spin_start_ticks = at;
        t->spin_site = site;
        t->spin_stack = t->waits_in ? 0 : lane_own_stack(t);
    }
    t->spins++;
    int result = probe.real.yield();
    t->spin_end_ticks = now();
    return result;
}

#define HOOK(symbol, function, field)                                                              \
    {                                                                                              \
        symbol, NULL, (void *)(function), (void **)(void *)&probe.real.field                       \
    }

const struct hook *sleep_hook_table(void)
{
    static const struct hook table[] = {
        HOOK("sem_wait", hook_wait, sem_wait),
        HOOK("sem_timedwait", hook_timedwait, sem_timedwait),
        HOOK("sem_clockwait", hook_clockwait, sem_clockwait),
        HOOK("sem_post", hook_post, sem_post),
        HOOK("sched_yield", hook_yield, yield),
        {NULL, NULL, NULL, NULL},
    };
    return table;
}
