#include "thread_names.h"
#include "probe.h"
#include "stacks.h"

#include <string.h>

enum caller { CALLER_OTHER, CALLER_THREAD_END, CALLER_PROGRAM_END };
#define CALLER_BITS ((uintptr_t)7)

static bool api_is_there(const struct python_api *api)
{
    return api->get_frame && api->get_attribute && api->get_item && api->as_utf8 && api->decref &&
           api->error_occurred && api->error_clear && !api->error_occurred();
}

/* Whether the text that is an attribute of an object ends so. */
static bool attribute_ends(void *object, const char *attribute, const char *end)
{
    const struct python_api *api = &probe.api;
    void *text = api->get_attribute(object, attribute);
    const char *utf8 = text ? api->as_utf8(text) : NULL;
    size_t n = utf8 ? strlen(utf8) : 0, of_end = strlen(end);
    bool found = n >= of_end && !strcmp(utf8 + n - of_end, end);
    if (text)
        api->decref(text);
    return found;
}

/* Only there is `self` a Thread, so that asking for its name runs no code of the user's. */
static bool is_of_threading(void *code)
{
    return attribute_ends(code, "co_filename", "threading.py");
}

static bool is_in_threading(const struct python_api *api, void *frame)
{
    void *code = api->get_attribute(frame, "f_code");
    bool found = code && is_of_threading(code);
    if (code)
        api->decref(code);
    return found;
}

static bool copy_name(void *thread, char *name, size_t bytes)
{
    const struct python_api *api = &probe.api;
    void *text = api->get_attribute(thread, "_name");
    const char *utf8 = text ? api->as_utf8(text) : NULL;
    if (utf8) {
        strncpy(name, utf8, bytes - 1);
        name[bytes - 1] = 0;
    }
    if (text)
        api->decref(text);
    return utf8 != NULL;
}

bool name_of_thread_in_frame(char *name, size_t bytes)
{
    const struct python_api *api = &probe.api;
    if (!api_is_there(api))
        return false;
    void *frame = api->get_frame(); /* borrowed */
    if (frame && !is_in_threading(api, frame))
        frame = NULL;
    void *locals = frame ? api->get_attribute(frame, "f_locals") : NULL;
    void *self = locals ? api->get_item(locals, "self") : NULL;
    bool named = self && copy_name(self, name, bytes);
    if (self)
        api->decref(self);
    if (locals)
        api->decref(locals);
    if (api->error_occurred())
        api->error_clear();
    return named;
}

static enum caller caller_of_code(uintptr_t code)
{
    const struct python_api *api = &probe.api;
    enum caller is = CALLER_OTHER;
    if (!is_of_threading((void *)code))
        is = CALLER_OTHER;
    else if (attribute_ends((void *)code, "co_name", "_delete") ||
             attribute_ends((void *)code, "co_name", "_bootstrap_inner"))
        is = CALLER_THREAD_END;
    else if (attribute_ends((void *)code, "co_name", "_shutdown"))
        is = CALLER_PROGRAM_END;
    if (api->error_occurred())
        api->error_clear();
    return is;
}

/* Which function of threading.py called the C function that runs. */
static enum caller find_caller(void)
{
    const struct layout *l = &probe.layout;
    const struct python_api *api = &probe.api;
    uintptr_t frame;
    if (!probe_is_active() || !thread_self || !api->thread_state ||
        atomic_load(&probe.frames) != GILSCOPE_FRAMES_RECORDED)
        return CALLER_OTHER;
    uintptr_t state = (uintptr_t)api->thread_state();
    if (!state || !stack_frames_of_state(l, state, &frame, 1))
        return CALLER_OTHER;
    uintptr_t code = *(const uintptr_t *)(frame + l->code) & l->code_mask;
    _Atomic uintptr_t *slot = &probe.thread_names.callers[(code >> 6) % KNOWN_CALLERS];
    uintptr_t known = atomic_load_explicit(slot, memory_order_relaxed);
    if ((known & ~CALLER_BITS) == code)
        return (enum caller)(known & CALLER_BITS);
    if (!code || !api_is_there(api))
        return CALLER_OTHER;
    enum caller is = caller_of_code(code);
    atomic_store_explicit(slot, code | is, memory_order_relaxed);
    return is;
}

static void rename_if_new(struct thread *t, const char *name)
{
    if (strncmp(name, t->entry->name, GILSCOPE_THREAD_NAME_BYTES - 1) != 0)
        thread_rename(t, name);
}

/* The last that a thread does asks who it is: Thread._delete, up to 3.10 Thread._bootstrap_inner. */
static void *get_ident(void *self, void *a, void *b, void *c, void *d)
{
    char name[GILSCOPE_THREAD_NAME_BYTES];
    if (find_caller() == CALLER_THREAD_END && name_of_thread_in_frame(name, sizeof name))
        rename_if_new(thread_self, name);
    return probe.thread_names.get_ident(self, a, b, c, d);
}

/* A threading.Thread of `threading._active`; its key there is what pthread_self() calls it. */
static void rename_running(void *thread)
{
    const struct python_api *api = &probe.api;
    char name[GILSCOPE_THREAD_NAME_BYTES];
    void *ident = api->get_attribute(thread, "_ident");
    struct thread *t = ident ? thread_of_id(api->as_unsigned(ident)) : NULL;
    if (t && copy_name(thread, name, sizeof name))
        rename_if_new(t, name);
    if (ident)
        api->decref(ident);
    if (api->error_occurred())
        api->error_clear();
}

static void rename_all(void *active)
{
    const struct python_api *api = &probe.api;
    void *threads = api->dict_values(active);
    void *thread;
    for (int64_t i = 0; threads && (thread = api->list_item(threads, i)); i++)
        rename_running(thread);
    if (threads)
        api->decref(threads);
}

/* In another interpreter the OS thread that first imported `threading` is called MainThread, whatever its name is. */
static bool is_main_interpreter(void)
{
    uintptr_t state = (uintptr_t)probe.api.thread_state();
    return layout_interpreter(&probe.layout, state) == 0;
}

void thread_names_at_shutdown(void)
{
    const struct python_api *api = &probe.api;
    if (find_caller() != CALLER_PROGRAM_END || !is_main_interpreter() || !api_is_there(api) ||
        !api->dict_values || !api->list_item || !api->as_unsigned)
        return;
    void *frame = api->get_frame();
    void *globals = frame ? api->get_attribute(frame, "f_globals") : NULL;
    void *active = globals ? api->get_item(globals, "_active") : NULL;
    if (active)
        rename_all(active);
    if (active)
        api->decref(active);
    if (globals)
        api->decref(globals);
    if (api->error_occurred())
        api->error_clear();
}

static void *shutdown(void *self, void *a, void *b, void *c, void *d)
{
    thread_names_at_shutdown();
    return probe.thread_names.shutdown(self, a, b, c, d);
}

void thread_names_patch(void *module)
{
    const struct python_method functions[] = {
        {"get_ident", get_ident, &probe.thread_names.get_ident, false},
        {0},
    };
    /* 3.13 and later; before, the lock of the main thread's life is released there. Without a GIL it is stood in for as a wait. */
    const struct python_method at_end[] = {
        {"_shutdown", shutdown, &probe.thread_names.shutdown, true},
        {0},
    };
    patch_functions(module, functions);
    if (!probe.layout.free_threaded)
        patch_functions(module, at_end);
}
