/*
 * A thread made to drop the GIL by the eval loop waits from then on; one that drops it of its own accord waits only
 * while drop_gil keeps it in wait(SC). Only a release that a waiter slept for can be forced; the bracket does not
 * tell, as up to 3.12 the waiter that takes the GIL may clear the request before drop_gil looks. So those releases
 * are told apart by unwinding the C stack in drop_gil:
 *   3.13 and later   forced: drop_gil was called for _Py_HandlePending
 *   up to 3.12       of its own accord: through the public C-API (PyEval_SaveThread and its like) or, where link-time
 *                    optimisation has inlined that, another exported function. In a stripped executable it may be
 *                    inlined into a function that nobody can name; there the caller counts as the eval loop once it
 *                    has twice released after a hold of a switch interval and asked again within 500 ns, as only that
 *                    does, and until the first has, by that time alone.
 */
#define _GNU_SOURCE
#include "forced_release.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <unwind.h>

enum { API_CAPACITY = 32, CALLER_CAPACITY = 256 };
static const uint64_t SURE_GAP_NS = 500, SURE_HOLD_NS = 4500000;

struct range {
    uintptr_t from, to;
};

/* A pair of functions seen to release the GIL, and how often only the eval loop could have been that. */
struct caller {
    _Atomic uintptr_t key;
    _Atomic int sure;
    _Atomic int
        exported; /* 0: not looked up; 1: one of the two is an exported function; -1: none */
};

static struct range api[API_CAPACITY], python, handle_pending;
static int api_count, python_is_stripped;
static struct caller callers[CALLER_CAPACITY];
static _Atomic int callers_sure;

static struct range range_of(void *library, const char *name)
{
    void *address = dlsym(library, name);
    Dl_info where;
    const ElfW(Sym) *symbol = NULL;
    if (!address || !dladdr1(address, &where, (void **)&symbol, RTLD_DL_SYMENT) || !symbol)
        return (struct range){0, 0};
    return (struct range){(uintptr_t)address, (uintptr_t)address + symbol->st_size};
}

static int within(struct range range, uintptr_t at)
{
    return at >= range.from && at < range.to;
}

/* Whether an ELF file has no symbols but those it is linked by. */
static int is_stripped(const char *path)
{
    ElfW(Ehdr) head;
    int file = open(path, O_RDONLY | O_CLOEXEC), stripped = 1;
    if (file < 0)
        return 1;
    if (pread(file, &head, sizeof head, 0) == (ssize_t)sizeof head) {
        for (int i = 0; i < head.e_shnum; i++) {
            ElfW(Shdr) section;
            off_t at = (off_t)(head.e_shoff + (ElfW(Off))i * head.e_shentsize);
            if (pread(file, &section, sizeof section, at) == (ssize_t)sizeof section)
                stripped &= section.sh_type != SHT_SYMTAB;
        }
    }
    close(file);
    return stripped;
}

static int find_api(struct dl_phdr_info *info, size_t size, void *unused)
{
    static const char *const names[] = {
        "PyEval_SaveThread",           "PyEval_ReleaseThread", "PyEval_ReleaseLock",
        "PyThreadState_DeleteCurrent", "PyThreadState_Swap",   "_PyThreadState_DeleteCurrent",
        "PyGILState_Release",
    };
    (void)size, (void)unused;
    void *library = dlopen(info->dlpi_name[0] ? info->dlpi_name : NULL, RTLD_LAZY | RTLD_NOLOAD);
    if (!library)
        return 0;
    uintptr_t runtime = (uintptr_t)dlsym(library, "_PyRuntime");
    struct range whole = {UINTPTR_MAX, 0};
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type != PT_LOAD)
            continue;
        uintptr_t from = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
        uintptr_t to = from + info->dlpi_phdr[i].p_memsz;
        whole.from = from < whole.from ? from : whole.from;
        whole.to = to > whole.to ? to : whole.to;
    }
    if (runtime && within(whole, runtime)) {
        python = whole;
        python_is_stripped = is_stripped(info->dlpi_name[0] ? info->dlpi_name : "/proc/self/exe");
        handle_pending = range_of(library, "_Py_HandlePending");
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            api[api_count++] = range_of(library, names[i]);
    }
    dlclose(library);
    return 0;
}

struct walk {
    int depth; /* frames of CPython passed */
    int through_api, through_handler;
    uintptr_t functions[2];
};

static _Unwind_Reason_Code visit(struct _Unwind_Context *context, void *data)
{
    struct walk *walk = data;
    uintptr_t at = _Unwind_GetIP(context) - 1;
    if (!within(python, at))
        return _URC_NO_REASON; /* a hook */
    for (int i = 0; i < api_count; i++)
        walk->through_api |= within(api[i], at);
    walk->through_handler |= within(handle_pending, at);
    if (walk->depth < 2)
        walk->functions[walk->depth] = (uintptr_t)_Unwind_FindEnclosingFunction((void *)at);
    return ++walk->depth < 4 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static struct caller *caller_of(uintptr_t key)
{
    for (size_t i = key % CALLER_CAPACITY, left = CALLER_CAPACITY; left; left--) {
        uintptr_t found = 0;
        if (atomic_compare_exchange_strong(&callers[i].key, &found, key) || found == key)
            return &callers[i];
        i = (i + 1) % CALLER_CAPACITY;
    }
    return NULL;
}

/* Whether a function, other than the eval loop's, can be linked to by name. */
static int exported(uintptr_t function)
{
    Dl_info where;
    return function && dladdr((void *)function, &where) && where.dli_sname &&
           (uintptr_t)where.dli_saddr == function &&
           strcmp(where.dli_sname, "_PyEval_EvalFrameDefault") != 0;
}

enum forced forced_release_unwind(struct caller **unclear)
{
    struct walk walk = {0};
    _Unwind_Backtrace(visit, &walk);
    *unclear = NULL;
    if (handle_pending.from)
        return walk.through_handler ? FORCED : OWN_ACCORD;
    if (walk.through_api)
        return OWN_ACCORD;
    struct caller *caller = caller_of((walk.functions[0] * 31 + walk.functions[1]) | 1);
    if (!caller)
        return OWN_ACCORD;
    if (!caller->exported)
        caller->exported = exported(walk.functions[0]) || exported(walk.functions[1]) ? 1 : -1;
    if (caller->exported == 1)
        return OWN_ACCORD;
    if (!python_is_stripped)
        return FORCED;
    *unclear = caller;
    return caller->sure >= 2 ? FORCED : OWN_ACCORD;
}

enum forced forced_release_clear_up(struct caller *caller, uint64_t last_hold_ns, uint64_t gap_ns)
{
    int was_sure = caller->sure >= 2, any_sure = callers_sure > 0;
    if (gap_ns < SURE_GAP_NS && last_hold_ns >= SURE_HOLD_NS &&
        atomic_fetch_add(&caller->sure, 1) == 1)
        callers_sure++;
    return was_sure || (!any_sure && gap_ns < SURE_GAP_NS) ? FORCED : OWN_ACCORD;
}

void forced_release_find_python(void)
{
    if (!api_count)
        dl_iterate_phdr(find_api, NULL);
}

int forced_release_is_unsure(void)
{
    return python_is_stripped && !handle_pending.from;
}
