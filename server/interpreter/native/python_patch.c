#include "python_patch.h"
#include "probe.h"

#include <string.h>

/* PyMethodDef (Include/methodobject.h). */
struct method_definition {
    const char *name;
    python_function function;
    int flags;
    const char *doc;
};

/* In PyMethodDescrObject after the head: d_type, d_name, d_qualname, d_method. In PyCFunctionObject: m_ml. */
#define DESCRIPTOR_METHOD 24u
#define FUNCTION_METHOD 0u
/* In PyTypeObject after its PyObject_VAR_HEAD. */
#define TYPE_BASIC_BYTES 8u
#define TYPE_DEALLOC 24u
#define TYPE_NEW 288u

static uintptr_t type_of(const void *object)
{
    return *(const uintptr_t *)((uintptr_t)object + probe.layout.type);
}

static bool patch(const void *holder, uintptr_t expected_type, uint32_t at,
                  const struct python_method *m)
{
    if (!expected_type || type_of(holder) != expected_type)
        return false;
    struct method_definition *d =
        *(struct method_definition **)((uintptr_t)holder + probe.layout.object_bytes + at);
    if (!d || !d->name || strcmp(d->name, m->name) != 0)
        return false;
    /* Read once: an interpreter with another GIL may be here, too. */
    python_function found = __atomic_load_n(&d->function, __ATOMIC_ACQUIRE);
    if (found == m->replacement)
        return true;
    if (!found || !memory_is_writable((uintptr_t)&d->function))
        return false;
    *m->real = found;
    __atomic_store_n(&d->function, m->replacement, __ATOMIC_RELEASE);
    return true;
}

static bool patch_all(void *object, uintptr_t expected_type, uint32_t at,
                      const struct python_method *methods)
{
    const struct python_api *api = &probe.api;
    bool complete = true;
    for (const struct python_method *m = methods; m->name; m++) {
        void *holder = api->get_attribute(object, m->name);
        if (!holder)
            api->error_clear();
        bool patched = holder && patch(holder, expected_type, at, m);
        complete = complete && (patched || m->optional);
        if (holder)
            api->decref(holder);
    }
    return complete;
}

bool patch_methods(void *type, const struct python_method *methods)
{
    return patch_all(type, probe.api.method_descriptor_type, DESCRIPTOR_METHOD, methods);
}

bool patch_functions(void *module, const struct python_method *functions)
{
    return patch_all(module, probe.api.function_type, FUNCTION_METHOD, functions);
}

static uintptr_t in_type(const void *type, uint32_t at)
{
    return (uintptr_t)type + probe.layout.object_bytes + 8 + at;
}

bool patch_slot(void *type, enum type_slot slot, void *replacement, void **real)
{
    void **at = (void **)in_type(type, slot == TYPE_SLOT_NEW ? TYPE_NEW : TYPE_DEALLOC);
    if (!*at || *at == replacement || !memory_is_writable((uintptr_t)at))
        return false;
    *real = *at;
    __atomic_store_n(at, replacement, __ATOMIC_RELEASE);
    return true;
}

int64_t type_basic_bytes(const void *type)
{
    return *(const int64_t *)in_type(type, TYPE_BASIC_BYTES);
}
