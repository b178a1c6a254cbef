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
#define TYPE_INIT 272u
#define TYPE_NEW 288u

static uintptr_t type_of(const void *object)
{
    return *(const uintptr_t *)((uintptr_t)object + probe.layout.type);
}

static struct method_definition *definition_of(const void *holder, uintptr_t expected_type,
                                               uint32_t at, const char *name)
{
    if (!expected_type || type_of(holder) != expected_type)
        return NULL;
    struct method_definition *d =
        *(struct method_definition **)((uintptr_t)holder + probe.layout.object_bytes + at);
    return d && d->name && !strcmp(d->name, name) ? d : NULL;
}

static bool patch(const void *holder, uintptr_t expected_type, uint32_t at,
                  const struct python_method *m)
{
    struct method_definition *d = definition_of(holder, expected_type, at, m->name);
    if (!d)
        return false;
    /* Read once: an interpreter with another GIL may be here, too. */
    python_function found = __atomic_load_n(&d->function, __ATOMIC_ACQUIRE);
    if (found == m->replacement)
        return true;
    if (!found || !memory_is_writable((uintptr_t)&d->function))
        return false;
    keep_real((void **)m->real, (void *)found);
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

/* METH_FASTCALL | METH_KEYWORDS */
#define FAST_CALL 0x82

bool patch_fast_method(void *type, const struct python_method *m)
{
    const struct python_api *api = &probe.api;
    void *holder = api->get_attribute(type, m->name);
    if (!holder) {
        api->error_clear();
        return false;
    }
    struct method_definition *d =
        definition_of(holder, api->method_descriptor_type, DESCRIPTOR_METHOD, m->name);
    bool patched = d && d->flags == FAST_CALL &&
                   patch(holder, api->method_descriptor_type, DESCRIPTOR_METHOD, m);
    api->decref(holder);
    return patched;
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
    static const uint32_t offsets[] = {TYPE_DEALLOC, TYPE_INIT, TYPE_NEW};
    void **at = (void **)in_type(type, offsets[slot]);
    void *found = __atomic_load_n(at, __ATOMIC_ACQUIRE);
    if (!found || found == replacement || !memory_is_writable((uintptr_t)at))
        return false;
    keep_real(real, found);
    __atomic_store_n(at, replacement, __ATOMIC_RELEASE);
    return true;
}

int64_t type_basic_bytes(const void *type)
{
    return *(const int64_t *)in_type(type, TYPE_BASIC_BYTES);
}
