#include "interpreter.h"
#include "code_record.h"
#include "lane_sleep.h"
#include "module_hooks.h"
#include "probe.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#define RELOCATION_TYPE(info) ELF64_R_TYPE(info)
#define IS_SLOT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define RELOCATION_TYPE(info) ELF64_R_TYPE(info)
#define IS_SLOT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#endif

/* The object that holds an address, as the dynamic linker mapped it. */
struct object {
    uintptr_t address, base, low, high, relro_low, relro_high;
    uintptr_t code_low, code_high;
    struct unwind_tables unwind;
    const ElfW(Dyn) * dynamic;
};

static void find_unwind_segment(struct object *o, const struct dl_phdr_info *info)
{
    uintptr_t header = (uintptr_t)o->unwind.header;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD && header >= start && header - start < p->p_filesz) {
            o->unwind.start = (const uint8_t *)start;
            o->unwind.bytes = p->p_filesz;
        }
    }
}

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
    struct object *o = data;
    struct object found = {.address = o->address,
                           .base = info->dlpi_addr,
                           .low = UINTPTR_MAX,
                           .code_low = UINTPTR_MAX};
    (void)size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        uintptr_t start = info->dlpi_addr + p->p_vaddr;
        if (p->p_type == PT_LOAD) {
            if (p->p_flags & PF_X) {
                found.code_low = start < found.code_low ? start : found.code_low;
                found.code_high = start + p->p_memsz;
            }
            found.low = start < found.low ? start : found.low;
            found.high = start + p->p_memsz > found.high ? start + p->p_memsz : found.high;
        } else if (p->p_type == PT_DYNAMIC) {
            found.dynamic = (const ElfW(Dyn) *)start;
        } else if (p->p_type == PT_GNU_EH_FRAME) {
            found.unwind.header = (const uint8_t *)start;
        } else if (p->p_type == PT_GNU_RELRO) {
            found.relro_low = start;
            found.relro_high = start + p->p_memsz;
        }
    }
    if (o->address < found.low || o->address >= found.high)
        return 0;
    find_unwind_segment(&found, info);
    *o = found;
    return 1;
}

static uint32_t parse_version(const char *text)
{
    unsigned major = 0, minor = 0, micro = 0;
    if (!text || sscanf(text, "%u.%u.%u", &major, &minor, &micro) < 2)
        return 0;
    return major << 24 | minor << 16 | (micro > 255 ? 255 : micro) << 8 | 0xf0;
}

static void find_api(void *scope)
{
    struct python_api *api = &probe.api;
    *(void **)&api->get_frame = dlsym(scope, "PyEval_GetFrame");
    *(void **)&api->code_of_frame = dlsym(scope, "PyFrame_GetCode");
    *(void **)&api->get_attribute = dlsym(scope, "PyObject_GetAttrString");
    *(void **)&api->get_item = dlsym(scope, "PyMapping_GetItemString");
    *(void **)&api->as_utf8 = dlsym(scope, "PyUnicode_AsUTF8");
    *(void **)&api->decref = dlsym(scope, "Py_DecRef");
    *(void **)&api->error_occurred = dlsym(scope, "PyErr_Occurred");
    *(void **)&api->error_clear = dlsym(scope, "PyErr_Clear");
    *(void **)&api->call = dlsym(scope, "PyObject_CallNoArgs");
    void *state = dlsym(scope, "PyThreadState_GetUnchecked"); /* its name before 3.13: */
    *(void **)&api->thread_state = state ? state : dlsym(scope, "_PyThreadState_UncheckedGet");
    *(void **)&api->own_state = dlsym(scope, "PyGILState_GetThisThreadState");
    *(void **)&api->dict_values = dlsym(scope, "PyDict_Values");
    *(void **)&api->list_item = dlsym(scope, "PyList_GetItem");
    *(void **)&api->as_unsigned = dlsym(scope, "PyLong_AsUnsignedLong");
    api->true_object = (uintptr_t)dlsym(scope, "_Py_TrueStruct");
    api->method_descriptor_type = (uintptr_t)dlsym(scope, "PyMethodDescr_Type");
    api->function_type = (uintptr_t)dlsym(scope, "PyCFunction_Type");
    api->module_definition_type = (uintptr_t)dlsym(scope, "PyModuleDef_Type");
}

bool interpreter_find(void *library)
{
    void *scope = library ? library : RTLD_DEFAULT;
    void *runtime = dlsym(scope, "_PyRuntime");
    const char *(*get_version)(void);
    *(void **)&get_version = dlsym(scope, "Py_GetVersion");
    if (!runtime || !get_version)
        return false;
    Dl_info info;
    if (dladdr((void *)get_version, &info) && info.dli_fname)
        snprintf(probe.library, sizeof probe.library, "%s", info.dli_fname);
    probe.version = get_version();
    uint32_t hex =
        probe.options.assume_hex ? probe.options.assume_hex : parse_version(probe.version);
    bool free_threaded = strstr(probe.version, "free-threading") != NULL;
    probe.layout = layout_of(hex, free_threaded, runtime);
    probe.runtime = runtime;
    probe.code_type = (uintptr_t)dlsym(scope, "PyCode_Type");
    probe.str_type = (uintptr_t)dlsym(scope, "PyUnicode_Type");
    probe.type_type = (uintptr_t)dlsym(scope, "PyType_Type");
    find_api(scope);
    probe.drop_callers.eval_frame = (uintptr_t)dlsym(scope, "_PyEval_EvalFrameDefault");
    probe.drop_callers.handle_pending = (uintptr_t)dlsym(scope, "_Py_HandlePending");
    probe.get_version = (uintptr_t)get_version;
    code_frees_watch();
    module_hooks_open(dlsym(scope, "PyImport_Inittab"));
    return true;
}

/* What the interpreter would call: what its slot says already, or what the dynamic linker would put there. */
static void *real_function(const struct hook *hook, void *in_slot, const struct object *o)
{
    uintptr_t address = (uintptr_t)in_slot;
    if (address && (address < o->low || address >= o->high))
        return in_slot;
    Dl_info first, versioned;
    void *found = dlsym(RTLD_DEFAULT, hook->name);
    void *exact = hook->version ? dlvsym(RTLD_DEFAULT, hook->name, hook->version) : NULL;
    /* Of libc's two versions the one that is named; but a library that stands before libc goes first. */
    bool same = exact && dladdr(found, &first) && dladdr(exact, &versioned) &&
                first.dli_fbase == versioned.dli_fbase;
    return same || !found ? exact : found;
}

static const struct hook *hook_named(const char *name)
{
    for (const struct hook *h = hook_table(); h->name; h++)
        if (!strcmp(h->name, name))
            return h;
    /* A build with a GIL never pays for these. */
    if (probe.layout.free_threaded)
        for (const struct hook *h = sleep_hook_table(); h->name; h++)
            if (!strcmp(h->name, name))
                return h;
    return NULL;
}

struct tables {
    const ElfW(Rela) * plt, *rela;
    size_t plt_bytes, rela_bytes;
    const ElfW(Sym) * symbols;
    const char *strings;
};

/* glibc relocates the pointers of DT_*; musl leaves them relative. */
static uintptr_t absolute(const struct object *o, uintptr_t value)
{
    return value < o->base ? o->base + value : value;
}

static struct tables read_tables(const struct object *o)
{
    struct tables t = {0};
    for (const ElfW(Dyn) *d = o->dynamic; d && d->d_tag != DT_NULL; d++) {
        switch (d->d_tag) {
        case DT_JMPREL:
            t.plt = (const ElfW(Rela) *)absolute(o, d->d_un.d_ptr);
            break;
        case DT_PLTRELSZ:
            t.plt_bytes = d->d_un.d_val;
            break;
        case DT_RELA:
            t.rela = (const ElfW(Rela) *)absolute(o, d->d_un.d_ptr);
            break;
        case DT_RELASZ:
            t.rela_bytes = d->d_un.d_val;
            break;
        case DT_SYMTAB:
            t.symbols = (const ElfW(Sym) *)absolute(o, d->d_un.d_ptr);
            break;
        case DT_STRTAB:
            t.strings = (const char *)absolute(o, d->d_un.d_ptr);
            break;
        }
    }
    return t;
}

static bool write_slot(const struct object *o, void **slot, void *value)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE), at = (uintptr_t)slot;
    void *start = (void *)(at & ~(page - 1));
    bool read_only = at >= o->relro_low && at < o->relro_high;
    if (read_only && mprotect(start, page, PROT_READ | PROT_WRITE) != 0)
        return false;
    __atomic_store_n(slot, value, __ATOMIC_RELEASE);
    if (read_only)
        mprotect(start, page, PROT_READ);
    return true;
}

/* One pass over a table: first to find what the slots call, then to patch them. Returns the slots met, -1: refused. */
static int pass(const struct object *o, const struct tables *t, const ElfW(Rela) * table,
                size_t bytes, bool patch)
{
    int met = 0;
    for (size_t i = 0; table && i < bytes / sizeof *table; i++) {
        if (!IS_SLOT(RELOCATION_TYPE(table[i].r_info)))
            continue;
        const ElfW(Sym) *symbol = &t->symbols[ELF64_R_SYM(table[i].r_info)];
        const struct hook *hook = hook_named(t->strings + symbol->st_name);
        if (!hook)
            continue;
        void **slot = (void **)(o->base + table[i].r_offset);
        met++;
        if (!patch)
            *hook->real = real_function(hook, *slot, o);
        else if (!write_slot(o, slot, hook->replacement))
            return -1;
    }
    return met;
}

bool interpreter_hook(char *error, size_t error_bytes)
{
    struct object o = {.address = probe.get_version};
    if (!dl_iterate_phdr(visit, &o)) {
        snprintf(error, error_bytes, "cannot find the loaded object of %s", probe.library);
        return false;
    }
    drop_callers_open(&probe.drop_callers, &o.unwind, o.code_low, o.code_high);
    struct tables t = read_tables(&o);
    int found = pass(&o, &t, t.plt, t.plt_bytes, false) + pass(&o, &t, t.rela, t.rela_bytes, false);
    if (!probe.real.mutex_lock || !probe.real.cond_signal || !probe.real.cond_timedwait ||
        !probe.real.mutex_init || !probe.real.cond_init) {
        snprintf(error, error_bytes,
                 "%s does not call the thread library through its GOT (%d slots found), so its GIL "
                 "cannot be seen",
                 probe.library, found);
        return false;
    }
    if (pass(&o, &t, t.plt, t.plt_bytes, true) < 0 ||
        pass(&o, &t, t.rela, t.rela_bytes, true) < 0) {
        snprintf(error, error_bytes, "cannot patch the GOT of %s", probe.library);
        return false;
    }
    return true;
}
