#include "module_hooks.h"
#include "lock_methods.h"
#include "probe.h"

#include <string.h>

/* struct _inittab (Include/import.h). */
struct built_in {
    const char *name;
    void *(*init)(void);
};

/* PyModuleDef_Slot, and Py_mod_exec (Include/moduleobject.h). */
struct module_slot {
    int slot;
    void *value;
};
#define SLOT_EXECUTE 2
/* In PyModuleDef after the head: m_init, m_index, m_copy, m_name, m_doc, m_size, m_methods, m_slots. */
#define DEFINITION_SLOTS 56u

struct module_hook {
    const char *name, *symbol;
    void *(*replacement)(void);
    int (*execute)(void *);
    void (*patch)(void *module);
    void *(*real_init)(void);
    int (*real_execute)(void *);
};

static void *init_thread(void);
static int execute_thread(void *module);

enum { HOOK_THREAD, HOOK_COUNT };
static struct module_hook hooks[HOOK_COUNT] = {
    [HOOK_THREAD] = {.name = "_thread",
                     .symbol = "PyInit__thread",
                     .replacement = init_thread,
                     .execute = execute_thread,
                     .patch = lock_methods_patch},
};

/* A module that is made in two steps is complete after the second (PEP 489). */
static void hook_execution(struct module_hook *hook, void *definition)
{
    struct module_slot *s = *(struct module_slot **)((uintptr_t)definition +
                                                     probe.layout.object_bytes + DEFINITION_SLOTS);
    struct module_slot *last = NULL;
    for (; s && s->slot; s++)
        if (s->slot == SLOT_EXECUTE)
            last = s;
    if (!last || last->value == (void *)hook->execute ||
        !memory_is_writable((uintptr_t)&last->value))
        return;
    hook->real_execute = (int (*)(void *))last->value;
    last->value = (void *)hook->execute;
}

static void *init(struct module_hook *hook)
{
    void *result = hook->real_init();
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
    int result = hook->real_execute(module);
    if (result == 0 && probe_is_active())
        hook->patch(module);
    return result;
}

static void *init_thread(void)
{
    return init(&hooks[HOOK_THREAD]);
}

static int execute_thread(void *module)
{
    return execute(&hooks[HOOK_THREAD], module);
}

void module_hooks_open(void *inittab)
{
    const struct python_api *api = &probe.api;
    if (!inittab || !probe.layout.known || !api->get_attribute || !api->decref || !api->call ||
        !api->error_occurred || !api->error_clear || !api->true_object)
        return;
    for (struct built_in *b = *(struct built_in **)inittab; b && b->name; b++)
        for (struct module_hook *h = hooks; h < hooks + HOOK_COUNT; h++)
            if (!strcmp(b->name, h->name) && b->init && memory_is_writable((uintptr_t)&b->init)) {
                h->real_init = b->init;
                b->init = h->replacement;
            }
}

void *module_hook_for(const char *symbol, void *init)
{
    for (struct module_hook *h = hooks; init && h < hooks + HOOK_COUNT; h++)
        if (!strcmp(symbol, h->symbol)) {
            h->real_init = (void *(*)(void))init;
            return (void *)h->replacement;
        }
    return init;
}
