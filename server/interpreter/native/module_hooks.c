#include "module_hooks.h"
#include "lock_methods.h"
#include "probe.h"
#include "wait_methods.h"

#include <stdio.h>
#include <string.h>

/* struct _inittab (Include/import.h). */
struct built_in {
    const char *name;
    void *(*init)(void);
};

/* PyModuleDef_Slot (Include/moduleobject.h); in 3.15 PySlot, its number in the lower half (PEP 820). */
struct module_slot {
    uint16_t number;
    uint16_t flags;
    uint32_t unused;
    void *value;
};
/* Py_mod_exec */
#define SLOT_EXECUTE 2
#define SLOT_EXECUTE_315 85
/* In PyModuleDef after the head: m_init, m_index, m_copy, m_name, m_doc, m_size, m_methods, m_slots. */
#define DEFINITION_SLOTS 56u

struct module_hook {
    const char *name, *symbol;
    void *(*replacement)(void);
    int (*execute)(void *);
    void (*patch)(void *module);
    void *real_init;    /* void *(*)(void) */
    void *real_execute; /* int (*)(void *) */
};

#define DECLARE(name)                                                                              \
    static void *init_##name(void);                                                                \
    static int execute_##name(void *module);
DECLARE(thread)
DECLARE(queue)
DECLARE(multiprocessing)
DECLARE(asyncio)

static void patch_thread(void *module)
{
    lock_methods_patch(module);
    thread_handles_patch(module);
    thread_names_patch(module);
}

enum { HOOK_THREAD, HOOK_QUEUE, HOOK_MULTIPROCESSING, HOOK_ASYNCIO, HOOK_COUNT };
#define HOOK(module, patch)                                                                        \
    {                                                                                              \
        "_" #module, "PyInit__" #module, init_##module, execute_##module, patch, NULL, NULL        \
    }
static struct module_hook hooks[HOOK_COUNT] = {
    [HOOK_THREAD] = HOOK(thread, patch_thread),
    [HOOK_QUEUE] = HOOK(queue, queue_methods_patch),
    [HOOK_MULTIPROCESSING] = HOOK(multiprocessing, semaphore_methods_patch),
    [HOOK_ASYNCIO] = HOOK(asyncio, task_methods_patch),
};

/* A module that is made in two steps is complete after the second (PEP 489). */
static void hook_execution(struct module_hook *hook, void *definition)
{
    struct module_slot *s = *(struct module_slot **)((uintptr_t)definition +
                                                     probe.layout.object_bytes + DEFINITION_SLOTS);
    struct module_slot *last = NULL;
    for (; s && s->number; s++)
        if (s->number == SLOT_EXECUTE ||
            (s->number == SLOT_EXECUTE_315 && probe.layout.hex >= 0x030f0000))
            last = s;
    /* Read once: an interpreter with another GIL may be here, too. */
    void *found = last ? __atomic_load_n(&last->value, __ATOMIC_ACQUIRE) : NULL;
    if (last && found == (void *)hook->execute)
        return;
    if (!last || !memory_is_writable((uintptr_t)&last->value)) {
        char text[128];
        snprintf(text, sizeof text,
                 "The module %s of this Python is not as expected: its locks "
                 "are not recorded.",
                 hook->name);
        probe_say(text);
        return;
    }
    keep_real(&hook->real_execute, found);
    __atomic_store_n(&last->value, (void *)hook->execute, __ATOMIC_RELEASE);
}

static void *init(struct module_hook *hook)
{
    void *(*real)(void) = __atomic_load_n(&hook->real_init, __ATOMIC_ACQUIRE);
    void *result = real();
    if (!result || !probe_is_active())
        return result;
    if (*(uintptr_t *)((uintptr_t)result + probe.layout.type) == probe.api.module_definition_type)
        hook_execution(hook, result);
    else
        hook->patch(result);
    return result;
}

static int execute(struct module_hook *hook, void *module)
{
    int (*real)(void *) = __atomic_load_n(&hook->real_execute, __ATOMIC_ACQUIRE);
    int result = real(module);
    if (result == 0 && probe_is_active())
        hook->patch(module);
    return result;
}

#define DEFINE(module, hook)                                                                       \
    static void *init_##module(void)                                                               \
    {                                                                                              \
        return init(&hooks[hook]);                                                                 \
    }                                                                                              \
    static int execute_##module(void *object)                                                      \
    {                                                                                              \
        return execute(&hooks[hook], object);                                                      \
    }
DEFINE(thread, HOOK_THREAD)
DEFINE(queue, HOOK_QUEUE)
DEFINE(multiprocessing, HOOK_MULTIPROCESSING)
DEFINE(asyncio, HOOK_ASYNCIO)

void module_hooks_open(void *inittab)
{
    const struct python_api *api = &probe.api;
    if (!inittab || !probe.layout.known || !api->get_attribute || !api->decref || !api->call ||
        !api->error_occurred || !api->error_clear || !api->true_object)
        return;
    for (struct built_in *b = *(struct built_in **)inittab; b && b->name; b++)
        for (struct module_hook *h = hooks; h < hooks + HOOK_COUNT; h++)
            if (!strcmp(b->name, h->name) && b->init && memory_is_writable((uintptr_t)&b->init)) {
                keep_real(&h->real_init, (void *)b->init);
                b->init = h->replacement;
            }
}

void *module_hook_for(const char *symbol, void *init)
{
    for (struct module_hook *h = hooks; init && h < hooks + HOOK_COUNT; h++)
        if (!strcmp(symbol, h->symbol) && init != (void *)h->replacement) {
            keep_real(&h->real_init, init);
            return (void *)h->replacement;
        }
    return init;
}
