#include "lock_methods.h"
#include "lane_locks.h"
#include "lock_call.h"
#include "lock_events.h"

static bool acquired_it(const struct lock_call *call, const struct lock *l, const void *result)
{
    if (l->kind == GILSCOPE_LOCK_KIND_R_LOCK)
        return result && r_lock_owner(call->self) == own_id();
    return result == (const void *)probe.api.true_object;
}

static __attribute__((noinline)) void *acquire_slowly(const struct lock_call *call)
{
    if (probe.layout.free_threaded)
        return lane_acquire(call);
    struct thread *t = thread_self;
    struct gil *gil = recording_gil(t);
    bool inner = call->kind == GILSCOPE_LOCK_KIND_R_LOCK && r_lock_owner(call->self) == own_id();
    struct lock *l = gil && !inner ? lock_meet(&gil->locks, call->self, call->kind) : NULL;
    if (!l)
        return go_on(call);
    bool held = is_held(call->self, call->kind);
    if (l->stamped && !held)
        lock_forget_hold(l);
    bool waits = held || l->waiting;
    struct lock_wait wait = {0};
    uint32_t forks = probe.forks;
    uint64_t granted = 0;
    if (waits)
        lock_wait_begin(t, l, &wait);
    void *result = go_on(call);
    if (probe.forks != forks)
        return result; /* a signal's handler forked: all that was known of the lock is gone */
    bool acquired = acquired_it(call, l, result);
    if (waits)
        granted = lock_wait_end(t, l, &wait, acquired);
    if (acquired && l->kind == GILSCOPE_LOCK_KIND_JOIN)
        lock_taken_for_life(t, l);
    else if (acquired)
        lock_acquired(t, l, granted, wait.stack);
    return result;
}

/* The latest moment known to lie in the past: reading the clock would cost more than the acquisition. */
static inline uint64_t latest_known(const struct thread *t)
{
    uint64_t heartbeat = __atomic_load_n(&probe.file.header->heartbeat_ticks, __ATOMIC_RELAXED);
    return heartbeat > t->acquired_ticks ? heartbeat : t->acquired_ticks;
}

/* An acquisition that nobody can see: the lock was never waited for, is free, and no row of it is due. */
static inline __attribute__((always_inline)) void *acquire(const struct lock_call *call)
{
    struct thread *t = thread_self;
    struct gil *gil = recording_gil(t);
    struct lock *l = gil ? lock_of(&gil->locks, call->self) : NULL;
    if (__builtin_expect(!l || l->exact || is_held(call->self, call->kind) || l->countdown <= 1, 0))
        return acquire_slowly(call);
    void *result = go_on(call);
    if (__builtin_expect(result == (void *)probe.api.true_object, 1)) {
        l->countdown--;
        lock_acquired_unrecorded(t, l, latest_known(t));
    }
    return result;
}

static __attribute__((noinline)) void *release_stamped(const struct lock_call *call, struct lock *l)
{
    struct thread *t = thread_self;
    uint64_t now = clock_ticks(probe.clock);
    void *result = go_on(call);
    bool still_held = call->kind == GILSCOPE_LOCK_KIND_R_LOCK && r_lock_owner(call->self);
    if (result && !still_held)
        lock_released(t, l, now);
    return result;
}

static __attribute__((noinline)) void *release_unknown(const struct lock_call *call, bool all)
{
    if (probe.layout.free_threaded)
        return lane_release(call, all);
    if (probe.layout.hex < 0x030d0000)
        thread_names_at_shutdown();
    return go_on(call);
}

static inline __attribute__((always_inline)) void *release_any(const struct lock_call *call,
                                                               bool all)
{
    struct gil *gil = recording_gil(thread_self);
    struct lock *l = gil ? lock_of(&gil->locks, call->self) : NULL;
    if (__builtin_expect(!l || l->kind == GILSCOPE_LOCK_KIND_JOIN, 0))
        return release_unknown(call, all);
    if (__builtin_expect(l->stamped, 0))
        return release_stamped(call, l);
    void *result = go_on(call);
    if (call->kind != GILSCOPE_LOCK_KIND_R_LOCK || !r_lock_owner(call->self))
        lock_unhold(l);
    return result;
}

static inline __attribute__((always_inline)) void *release(const struct lock_call *call)
{
    return release_any(call, false);
}

/* However often it was acquired. */
static inline __attribute__((always_inline)) void *release_all(const struct lock_call *call)
{
    return release_any(call, true);
}

#define METHOD(action, type, name, lock_kind)                                                      \
    static void *type##_##name(void *self, void *a, void *b, void *c, void *d)                     \
    {                                                                                              \
        const struct lock_call call = {.real = probe.lock_methods.type.name,                       \
                                       .self = self,                                               \
                                       .a = a,                                                     \
                                       .b = b,                                                     \
                                       .c = c,                                                     \
                                       .d = d,                                                     \
                                       .kind = lock_kind};                                         \
        return action(&call);                                                                      \
    }

METHOD(acquire, lock, acquire, GILSCOPE_LOCK_KIND_LOCK)
METHOD(acquire, lock, acquire_lock, GILSCOPE_LOCK_KIND_LOCK)
METHOD(acquire, lock, enter, GILSCOPE_LOCK_KIND_LOCK)
METHOD(release, lock, release, GILSCOPE_LOCK_KIND_LOCK)
METHOD(release, lock, release_lock, GILSCOPE_LOCK_KIND_LOCK)
METHOD(release, lock, exit, GILSCOPE_LOCK_KIND_LOCK)
METHOD(acquire, r_lock, acquire, GILSCOPE_LOCK_KIND_R_LOCK)
METHOD(acquire, r_lock, enter, GILSCOPE_LOCK_KIND_R_LOCK)
METHOD(acquire_slowly, r_lock, acquire_restore, GILSCOPE_LOCK_KIND_R_LOCK)
METHOD(release, r_lock, release, GILSCOPE_LOCK_KIND_R_LOCK)
METHOD(release, r_lock, exit, GILSCOPE_LOCK_KIND_R_LOCK)
METHOD(release_all, r_lock, release_save, GILSCOPE_LOCK_KIND_R_LOCK)

static void *allocate_lock(void *self, void *a, void *b, void *c, void *d)
{
    return lock_made(probe.lock_methods.allocate_lock(self, a, b, c, d), GILSCOPE_LOCK_KIND_LOCK);
}

static void *allocate(void *self, void *a, void *b, void *c, void *d)
{
    return lock_made(probe.lock_methods.allocate(self, a, b, c, d), GILSCOPE_LOCK_KIND_LOCK);
}

/* The lock that a thread holds as long as it lives, up to 3.12; Thread.join() acquires it. */
static void *set_sentinel(void *self, void *a, void *b, void *c, void *d)
{
    return lock_made(probe.lock_methods.set_sentinel(self, a, b, c, d), GILSCOPE_LOCK_KIND_JOIN);
}

static void *lock_new(void *type, void *args, void *keywords)
{
    return lock_made(probe.lock_methods.lock_new(type, args, keywords), GILSCOPE_LOCK_KIND_LOCK);
}

static void *r_lock_new(void *type, void *args, void *keywords)
{
    return lock_made(probe.lock_methods.r_lock_new(type, args, keywords),
                     GILSCOPE_LOCK_KIND_R_LOCK);
}

static void lock_dealloc(void *lock)
{
    lock_freed(lock);
    probe.lock_methods.lock_dealloc(lock);
}

static void r_lock_dealloc(void *lock)
{
    lock_freed(lock);
    probe.lock_methods.r_lock_dealloc(lock);
}

static bool call(void *object, const char *method)
{
    const struct python_api *api = &probe.api;
    void *bound = api->get_attribute(object, method);
    void *result = bound ? api->call(bound) : NULL;
    if (bound)
        api->decref(bound);
    if (result)
        api->decref(result);
    return result != NULL;
}

/* Whether a lock of this type tells where it is expected to whether it is held. */
static bool tells_holder(void *type, void *make, uint32_t kind)
{
    struct lock_methods *m = &probe.lock_methods;
    const struct python_api *api = &probe.api;
    uint32_t head = probe.layout.object_bytes;
    /* Up to 3.13.0 a Lock has pointers to its semaphore and its weak references before the flag. */
    if (kind == GILSCOPE_LOCK_KIND_LOCK)
        m->locked_at = type_basic_bytes(type) >= head + 24 ? head + 16 : head;
    else
        m->r_lock_owner_at = head + 8;
    void *lock = api->call(make);
    bool as_expected = lock && !is_held(lock, kind) && call(lock, "acquire") &&
                       is_held(lock, kind) &&
                       (kind != GILSCOPE_LOCK_KIND_R_LOCK || r_lock_owner(lock) == own_id());
    if (as_expected && kind == GILSCOPE_LOCK_KIND_R_LOCK)
        m->r_lock_first_depth = r_lock_depth(lock);
    as_expected = as_expected && call(lock, "release") && !is_held(lock, kind);
    if (lock)
        api->decref(lock);
    return as_expected;
}

static bool patch_lock(void *module, void *type)
{
    struct lock_methods *m = &probe.lock_methods;
    const struct python_method methods[] = {
        {"acquire", lock_acquire, &m->lock.acquire, false},
        {"acquire_lock", lock_acquire_lock, &m->lock.acquire_lock, true},
        {"__enter__", lock_enter, &m->lock.enter, false},
        {"release", lock_release, &m->lock.release, false},
        {"release_lock", lock_release_lock, &m->lock.release_lock, true},
        {"__exit__", lock_exit, &m->lock.exit, false},
        {0},
    };
    const struct python_method functions[] = {
        {"allocate_lock", allocate_lock, &m->allocate_lock, true},
        {"allocate", allocate, &m->allocate, true},
        {"_set_sentinel", set_sentinel, &m->set_sentinel, true},
        {0},
    };
    void *make = probe.api.get_attribute(module, "allocate_lock");
    bool known = make && (m->lock.release || tells_holder(type, make, GILSCOPE_LOCK_KIND_LOCK));
    if (make)
        probe.api.decref(make);
    if (!known || !patch_methods(type, methods))
        return false;
    patch_functions(module, functions);
    patch_slot(type, TYPE_SLOT_NEW, (void *)lock_new, (void **)&m->lock_new);
    patch_slot(type, TYPE_SLOT_DEALLOC, (void *)lock_dealloc, (void **)&m->lock_dealloc);
    return true;
}

static bool patch_r_lock(void *type)
{
    struct lock_methods *m = &probe.lock_methods;
    const struct python_method methods[] = {
        {"acquire", r_lock_acquire, &m->r_lock.acquire, false},
        {"__enter__", r_lock_enter, &m->r_lock.enter, false},
        {"_acquire_restore", r_lock_acquire_restore, &m->r_lock.acquire_restore, false},
        {"release", r_lock_release, &m->r_lock.release, false},
        {"__exit__", r_lock_exit, &m->r_lock.exit, false},
        {"_release_save", r_lock_release_save, &m->r_lock.release_save, false},
        {0},
    };
    if (!m->r_lock.release && !tells_holder(type, type, GILSCOPE_LOCK_KIND_R_LOCK))
        return false;
    if (!patch_methods(type, methods))
        return false;
    patch_slot(type, TYPE_SLOT_NEW, (void *)r_lock_new, (void **)&m->r_lock_new);
    patch_slot(type, TYPE_SLOT_DEALLOC, (void *)r_lock_dealloc, (void **)&m->r_lock_dealloc);
    return true;
}

void lock_methods_patch(void *module)
{
    const struct python_api *api = &probe.api;
    void *lock = api->get_attribute(module, "LockType");
    void *r_lock = api->get_attribute(module, "RLock");
    bool patched = lock && r_lock && patch_lock(module, lock) && patch_r_lock(r_lock);
    if (lock)
        api->decref(lock);
    if (r_lock)
        api->decref(r_lock);
    if (api->error_occurred())
        api->error_clear();
    if (!patched && !probe.lock_methods.refused) {
        probe.lock_methods.refused = true;
        probe_say("The locks of this Python are not as expected: those of threading are not "
                  "recorded.");
    }
}
