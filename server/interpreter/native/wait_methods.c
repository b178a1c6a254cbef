#include "wait_methods.h"
#include "lane_locks.h"
#include "lock_call.h"
#include "lock_events.h"

#include <semaphore.h>
#include <stdio.h>

static struct lock *meet(struct gil *gil, void *object, uint32_t kind)
{
    return gil ? lock_meet(&gil->locks, object, kind) : NULL;
}

/* A call that may wait. Returns the lock if it is still known afterwards, else null; `granted`: see lock_wait_end(). */
static struct lock *wait_in(const struct lock_call *call, struct lock *l, void **result,
                            uint64_t *granted)
{
    struct thread *t = thread_self;
    struct lock_wait wait;
    uint32_t forks = probe.forks;
    lock_wait_begin(t, l, &wait);
    *result = go_on(call);
    if (probe.forks != forks)
        return NULL;
    *granted = lock_wait_end(t, l, &wait, got_it(call, *result));
    return l;
}

static void *get_waiting(const struct lock_call *call)
{
    if (probe.layout.free_threaded)
        return lane_wait_in(call, NULL);
    struct thread *t = thread_self;
    struct lock *l = meet(recording_gil(t), call->self, GILSCOPE_LOCK_KIND_SIMPLE_QUEUE);
    uint64_t granted;
    void *result;
    if (!l)
        return go_on(call);
    if (wait_in(call, l, &result, &granted) && result)
        lock_count_acquisition(l);
    return result;
}

static void *queue_get(void *self, void *a, void *b, void *c, void *d)
{
    const struct lock_call call = {probe.wait_methods.queue.get,   self, a, b, c, d,
                                   GILSCOPE_LOCK_KIND_SIMPLE_QUEUE};
    work_ended(thread_self);
    void *result = get_waiting(&call);
    work_taken(thread_self, result);
    return result;
}

static void *queue_get_nowait(void *self, void *a, void *b, void *c, void *d)
{
    const struct lock_call call = {probe.wait_methods.queue.get_nowait, self, a, b, c, d,
                                   GILSCOPE_LOCK_KIND_SIMPLE_QUEUE};
    work_ended(thread_self);
    void *result = go_on(&call);
    work_taken(thread_self, result);
    return result;
}

/* Its arguments and how many are given without their names (METH_FASTCALL). */
static void *queue_put(void *self, void *a, void *b, void *c, void *d)
{
    const struct lock_call call = {probe.wait_methods.queue.put,   self, a, b, c, d,
                                   GILSCOPE_LOCK_KIND_SIMPLE_QUEUE};
    if ((intptr_t)b > 0)
        work_given(thread_self, *(void *const *)a);
    return go_on(&call);
}

/*
 * The thread of a handle: after the head a pointer to a ThreadHandle, which begins with the links of one or two lists
 * and the thread's identifier (Modules/_threadmodule.c, 3.13 and later). Anything else is no thread's identifier.
 */
static struct thread *thread_of_handle(const void *handle)
{
    uintptr_t at = *(const uintptr_t *)((uintptr_t)handle + probe.layout.object_bytes);
    if (!at)
        return NULL;
    struct thread *thread = thread_of_id(*(const uintptr_t *)(at + 32));
    return thread ? thread : thread_of_id(*(const uintptr_t *)(at + 16));
}

static void *handle_join(void *self, void *a, void *b, void *c, void *d)
{
    const struct lock_call call = {probe.wait_methods.handle.join, self, a, b, c, d,
                                   GILSCOPE_LOCK_KIND_JOIN};
    if (probe.layout.free_threaded)
        return lane_wait_in(&call, thread_of_handle(self));
    struct thread *t = thread_self;
    struct lock *l = meet(recording_gil(t), self, GILSCOPE_LOCK_KIND_JOIN);
    uint64_t granted;
    void *result;
    if (!l)
        return go_on(&call);
    l->owner = thread_of_handle(self);
    l->owner_thread = l->owner ? l->owner->index : 0;
    if (wait_in(&call, l, &result, &granted) && result)
        lock_count_acquisition(l);
    return result;
}

/*
 * Processes share semaphores: which one it is, by its name, or by where it is mapped, which a forked child inherits.
 * After the numbers comes the kind, then the name if others are to find it by that.
 */
static void label_semaphore(struct lock *l, const void *semaphore)
{
    uintptr_t at = (uintptr_t)semaphore + probe.layout.object_bytes;
    const char *name = *(const char *const *)(at + 32);
    const char *use = is_mutex(semaphore) ? "mutex" : "counting";
    char *label = l->entry->type_name;
    if (name)
        snprintf(label, GILSCOPE_LOCK_TYPE_NAME_BYTES, "%s %s", use, name);
    else
        snprintf(label, GILSCOPE_LOCK_TYPE_NAME_BYTES, "%s @%lx", use,
                 (unsigned long)*(const uintptr_t *)at);
}

/* The table in which the locks of the calling thread are; null: nothing is recorded. */
static struct lock_table *own_locks(void)
{
    if (probe.layout.free_threaded)
        return lane_thread() ? &probe.lanes.locks : NULL;
    struct gil *gil = recording_gil(thread_self);
    return gil ? &gil->locks : NULL;
}

static struct lock *meet_semaphore(void *semaphore)
{
    struct lock_table *locks = own_locks();
    struct lock *l = locks ? lock_of(locks, semaphore) : NULL;
    if (l || !locks || !(l = lock_meet(locks, semaphore, GILSCOPE_LOCK_KIND_SEM_LOCK)))
        return l;
    label_semaphore(l, semaphore);
    return l;
}

/* Whether an acquisition would wait: nobody has posted it, and the thread has not acquired it before. */
static bool is_taken(const void *semaphore)
{
    sem_t *handle = *(sem_t *const *)((uintptr_t)semaphore + probe.layout.object_bytes);
    int value;
    uintptr_t last = *(const uintptr_t *)((uintptr_t)semaphore + probe.layout.object_bytes + 8);
    bool inner = is_recursive(semaphore) && mutex_depth(semaphore) > 0 && last == own_id();
    return handle && !inner && sem_getvalue(handle, &value) == 0 && value <= 0;
}

static void *acquire_semaphore(const struct lock_call *call)
{
    struct lock *l = meet_semaphore(call->self);
    if (probe.layout.free_threaded)
        return lane_wait_around(call, is_taken(call->self));
    struct thread *t = thread_self;
    uint64_t granted;
    void *result;
    if (!l)
        return go_on(call);
    if (!wait_in(call, l, &result, &granted) || !got_it(call, result))
        return result;
    bool inner = mutex_depth(call->self) > 1;
    if (!is_mutex(call->self))
        lock_count_acquisition(l);
    else if (!inner)
        lock_acquired(t, l, granted, 0);
    return result;
}

static void *release_semaphore(const struct lock_call *call)
{
    if (probe.layout.free_threaded)
        return lane_release(call, false);
    struct thread *t = thread_self;
    struct gil *gil = recording_gil(t);
    struct lock *l = gil ? lock_of(&gil->locks, call->self) : NULL;
    bool outermost = l && mutex_depth(call->self) == 1;
    uint64_t now = l && l->stamped ? clock_ticks(probe.clock) : 0;
    void *result = go_on(call);
    if (now && result && outermost)
        lock_released(t, l, now);
    return result;
}

#define SEMAPHORE(action, name)                                                                    \
    static void *semaphore_##name(void *self, void *a, void *b, void *c, void *d)                  \
    {                                                                                              \
        const struct lock_call call = {probe.wait_methods.semaphore.name, self, a, b, c, d,        \
                                       GILSCOPE_LOCK_KIND_SEM_LOCK};                               \
        return action(&call);                                                                      \
    }

SEMAPHORE(acquire_semaphore, acquire)
SEMAPHORE(acquire_semaphore, enter)
SEMAPHORE(release_semaphore, release)
SEMAPHORE(release_semaphore, exit)

#define NEW(type, lock_kind)                                                                       \
    static void *type##_new(void *of, void *args, void *keywords)                                  \
    {                                                                                              \
        return lock_made(probe.wait_methods.type##_new(of, args, keywords), lock_kind);            \
    }

NEW(queue, GILSCOPE_LOCK_KIND_SIMPLE_QUEUE)
NEW(handle, GILSCOPE_LOCK_KIND_JOIN)

static void *semaphore_new(void *of, void *args, void *keywords)
{
    void *made = probe.wait_methods.semaphore_new(of, args, keywords);
    lock_made(made, GILSCOPE_LOCK_KIND_SEM_LOCK);
    struct lock_table *locks = made ? own_locks() : NULL;
    struct lock *l = locks ? lock_of(locks, made) : NULL;
    if (l)
        label_semaphore(l, made);
    return made;
}

#define LIFE(type)                                                                                 \
    static void type##_dealloc(void *object)                                                       \
    {                                                                                              \
        lock_freed(object);                                                                        \
        probe.wait_methods.type##_dealloc(object);                                                 \
    }                                                                                              \
    static void patch_life_of_##type(void *of)                                                     \
    {                                                                                              \
        struct wait_methods *m = &probe.wait_methods;                                              \
        patch_slot(of, TYPE_SLOT_NEW, (void *)type##_new, (void **)&m->type##_new);                \
        patch_slot(of, TYPE_SLOT_DEALLOC, (void *)type##_dealloc, (void **)&m->type##_dealloc);    \
    }

LIFE(queue)
LIFE(handle)
LIFE(semaphore)

/* Patches a type of the module, if there is one of that name. */
static void patch_type(void *module, const char *name, const struct python_method *methods,
                       void (*patch_life)(void *))
{
    const struct python_api *api = &probe.api;
    void *type = api->get_attribute(module, name);
    if (type && patch_methods(type, methods))
        patch_life(type);
    if (type)
        api->decref(type);
    if (api->error_occurred())
        api->error_clear();
}

static void patch_life_and_put(void *type)
{
    static const struct python_method put = {"put", queue_put, &probe.wait_methods.queue.put, true};
    patch_life_of_queue(type);
    patch_fast_method(type, &put);
}

void queue_methods_patch(void *module)
{
    static const struct python_method methods[] = {
        {"get", queue_get, &probe.wait_methods.queue.get, false},
        {"get_nowait", queue_get_nowait, &probe.wait_methods.queue.get_nowait, true},
        {0},
    };
    patch_type(module, "SimpleQueue", methods, patch_life_and_put);
}

/* Waits, at the end of the program, for the threads that are left. */
static void *shutdown(void *self, void *a, void *b, void *c, void *d)
{
    const struct lock_call call = {probe.wait_methods.shutdown, self, a, b, c, d,
                                   GILSCOPE_LOCK_KIND_JOIN};
    thread_names_at_shutdown();
    return lane_wait_in(&call, NULL);
}

void thread_handles_patch(void *module)
{
    static const struct python_method methods[] = {
        {"join", handle_join, &probe.wait_methods.handle.join, false},
        {0},
    };
    static const struct python_method functions[] = {
        {"_shutdown", shutdown, &probe.wait_methods.shutdown, true},
        {0},
    };
    if (probe.layout.free_threaded)
        patch_functions(module, functions);
    patch_type(module, "_ThreadHandle", methods, patch_life_of_handle);
}

void semaphore_methods_patch(void *module)
{
    struct wait_methods *m = &probe.wait_methods;
    const struct python_method methods[] = {
        {"acquire", semaphore_acquire, &m->semaphore.acquire, false},
        {"__enter__", semaphore_enter, &m->semaphore.enter, false},
        {"release", semaphore_release, &m->semaphore.release, false},
        {"__exit__", semaphore_exit, &m->semaphore.exit, false},
        {0},
    };
    patch_type(module, "SemLock", methods, patch_life_of_semaphore);
}

static int task_init(void *self, void *args, void *keywords)
{
    /* Before: an eager task begins in there. */
    task_made(thread_self, args);
    return probe.wait_methods.task_init(self, args, keywords);
}

static void patch_task(void *type)
{
    patch_slot(type, TYPE_SLOT_INIT, (void *)task_init, (void **)&probe.wait_methods.task_init);
}

void task_methods_patch(void *module)
{
    static const struct python_method none[] = {{0}};
    patch_type(module, "Task", none, patch_task);
}
