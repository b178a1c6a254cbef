#include "thread_names.h"
#include "probe.h"
#include "stacks.h"

#include <string.h>

/* What a function is that called: one of threading.py, of which one that a thread or a program ends with. */
enum caller { CALLER_OTHER, CALLER_THREADING, CALLER_THREAD_END, CALLER_PROGRAM_END };
#define CALLER_KIND ((uintptr_t)3)
/* Its `self` was seen to be the first of its local variables: then no frame object has to be made to find it. */
#define SELF_IS_FIRST ((uintptr_t)4)
#define CALLER_BITS ((uintptr_t)7)

static bool api_is_there(const struct python_api *api)
{
    return api->get_frame && api->code_of_frame && api->get_attribute && api->get_item &&
           api->as_utf8 && api->decref && api->error_occurred && api->error_clear &&
           !api->error_occurred();
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

static enum caller kind_of_code(void *code)
{
    static const char *const ends[] = {"_delete", "_bootstrap_inner"};
    if (!attribute_ends(code, "co_filename", "threading.py"))
        return CALLER_OTHER;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (attribute_ends(code, "co_name", ends[i]))
            return CALLER_THREAD_END;
    return attribute_ends(code, "co_name", "_shutdown") ? CALLER_PROGRAM_END : CALLER_THREADING;
}

static uintptr_t load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

/* The innermost frame of the calling thread; 0: where it lies is not known. */
static uintptr_t own_frame(void)
{
    const struct python_api *api = &probe.api;
    uintptr_t frame;
    if (!probe_is_active() || !thread_self || !api->thread_state ||
        atomic_load(&probe.frames) != GILSCOPE_FRAMES_RECORDED)
        return 0;
    uintptr_t state = (uintptr_t)api->thread_state();
    return state && stack_frames_of_state(&probe.layout, state, &frame, 1) ? frame : 0;
}

struct caller_of {
    uintptr_t frame;
    struct caller_slot *slot;
    uintptr_t code; /* with what it is */
};

/* Which function called the C function that runs; `code` 0: it is not known. */
static struct caller_of find_caller(void)
{
    const struct layout *l = &probe.layout;
    struct caller_of c = {.frame = own_frame()};
    uintptr_t code = c.frame ? load(c.frame + l->code) & l->code_mask : 0;
    if (!code)
        return c;
    uintptr_t mark = load(code + l->line_table) ^ load(code + l->file);
    c.slot = &probe.thread_names.callers[code * 0x9e3779b97f4a7c15u >> 58];
    c.code = atomic_load_explicit(&c.slot->code, memory_order_relaxed);
    if ((c.code & ~CALLER_BITS) == code &&
        atomic_load_explicit(&c.slot->mark, memory_order_relaxed) == mark)
        return c;
    c.code = 0;
    if (!api_is_there(&probe.api))
        return c;
    c.code = code | kind_of_code((void *)code);
    if (probe.api.error_occurred())
        probe.api.error_clear();
    atomic_store_explicit(&c.slot->mark, mark, memory_order_relaxed);
    atomic_store_explicit(&c.slot->code, c.code, memory_order_relaxed);
    return c;
}

static enum caller kind_of(const struct caller_of *c)
{
    return (enum caller)(c->code & CALLER_KIND);
}

/* `self` of a function of threading.py, a new reference: only there it is a Thread, so that asking for its name runs no code of the user's. */
static void *self_of_frame(void)
{
    const struct python_api *api = &probe.api;
    void *frame = api->get_frame(); /* borrowed */
    /* Not as an attribute: the program's audit hooks would run. */
    void *code = frame ? api->code_of_frame(frame) : NULL;
    bool ours = code && kind_of_code(code) != CALLER_OTHER;
    void *locals = ours ? api->get_attribute(frame, "f_locals") : NULL;
    void *self = locals ? api->get_item(locals, "self") : NULL;
    if (locals)
        api->decref(locals);
    if (code)
        api->decref(code);
    return self;
}

static bool name_in_frame_of(const struct caller_of *c, char *name, size_t bytes)
{
    const struct layout *l = &probe.layout;
    const struct python_api *api = &probe.api;
    uintptr_t first = c->code ? load(c->frame + l->locals) & l->code_mask : 0;
    if (first && (c->code & SELF_IS_FIRST))
        return copy_name((void *)first, name, bytes);
    void *self = self_of_frame();
    bool named = self && copy_name(self, name, bytes);
    if (self && (uintptr_t)self == first)
        atomic_store_explicit(&c->slot->code, c->code | SELF_IS_FIRST, memory_order_relaxed);
    if (self)
        api->decref(self);
    return named;
}

static bool name_by_caller(const struct caller_of *c, char *name, size_t bytes)
{
    const struct python_api *api = &probe.api;
    if (!api_is_there(api) || (c->code && kind_of(c) == CALLER_OTHER))
        return false;
    bool named = name_in_frame_of(c, name, bytes);
    if (api->error_occurred())
        api->error_clear();
    return named;
}

bool name_of_thread_in_frame(char *name, size_t bytes)
{
    struct caller_of c = find_caller();
    return name_by_caller(&c, name, bytes);
}

static void rename_if_new(struct thread *t, const char *name)
{
    if (strncmp(name, t->entry->name, GILSCOPE_THREAD_NAME_BYTES - 1) != 0)
        thread_rename(t, name);
}

/* The last that a thread does asks who it is: Thread._delete, up to 3.10 Thread._bootstrap_inner. */
static void *get_ident(void *self, void *a, void *b, void *c, void *d)
{
    struct caller_of by = find_caller();
    char name[GILSCOPE_THREAD_NAME_BYTES];
    if (kind_of(&by) == CALLER_THREAD_END && name_by_caller(&by, name, sizeof name))
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
    struct caller_of c = find_caller();
    if (kind_of(&c) != CALLER_PROGRAM_END || !is_main_interpreter() || !api_is_there(api) ||
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
