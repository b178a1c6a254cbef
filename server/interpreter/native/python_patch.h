/*
 * Standing in for C functions of Python's modules and types, in their method tables: seen by everybody who calls them,
 * however they are called. Tables that do not look as expected are left alone. Not for hooks: the GIL is held, and
 * Python code may be run.
 */
#ifndef GILSCOPE_PYTHON_PATCH_H
#define GILSCOPE_PYTHON_PATCH_H

#include <stdbool.h>
#include <stdint.h>

/* A C function of Python by any of its calling conventions: none has more than five arguments (METH_METHOD). */
typedef void *(*python_function)(void *, void *, void *, void *, void *);

struct python_method {
    const char *name;
    python_function replacement;
    python_function *real;
    bool optional; /* not every version has it */
};

/* Methods of a type; functions of a module. Ends with a null name. False: one that has to be there is not. */
bool patch_methods(void *type, const struct python_method *methods);
bool patch_functions(void *module, const struct python_method *functions);

/* A method of a type whose arguments are passed as by METH_FASTCALL | METH_KEYWORDS; false: there is none. */
bool patch_fast_method(void *type, const struct python_method *method);

/* Slots of a type object (struct _typeobject, Include/cpython/object.h). */
enum type_slot { TYPE_SLOT_DEALLOC, TYPE_SLOT_INIT, TYPE_SLOT_NEW };

/* Replaces it and tells what it was in `real`; false: it is empty, or replaced already. */
bool patch_slot(void *type, enum type_slot slot, void *replacement, void **real);

/* Keeps what was found; written once, as another interpreter with its own GIL may call it already, and finds the same. */
static inline void keep_real(void **real, void *found)
{
    if (__atomic_load_n(real, __ATOMIC_ACQUIRE) != found)
        __atomic_store_n(real, found, __ATOMIC_RELEASE);
}

/* tp_basicsize */
int64_t type_basic_bytes(const void *type);

/* Whether the address is in memory that may be written. */
bool memory_is_writable(uintptr_t address);

#endif
