/*
 * The probe's state, all of it (but for one pointer of each thread), and its life: started by the host or by the
 * dynamic linker, ended by the program.
 */
#ifndef GILSCOPE_PROBE_H
#define GILSCOPE_PROBE_H

#include "bare_thread.h"
#include "clock.h"
#include "drop_caller.h"
#include "gil.h"
#include "hooks.h"
#include "lane.h"
#include "lock_methods.h"
#include "thread.h"
#include "thread_names.h"
#include "wait_methods.h"

#include <pthread.h>

#define MAX_THREAD_BLOCKS 4096u
#define MAX_ENTRY_CHUNKS 8192u

/* What is asked of the probe. Times in ns, sizes in bytes; 0: the default. */
struct probe_options {
    const char *folder;
    uint64_t max_bytes, sample_ns;
    bool no_children;    /* neither forked nor executed children record */
    uint64_t open_files; /* soft limit of open files to set; the launcher may have raised it */
    uint32_t assume_hex; /* take the interpreter for this version (tests) */
    uint32_t parent_pid; /* the nearest process above that records; 0: none does */
};

/* Functions of the C API, from the interpreter that is traced. Null where it lacks one. */
struct python_api {
    void *(*get_frame)(void);
    void *(*code_of_frame)(void *);
    void *(*get_attribute)(void *, const char *);
    void *(*get_item)(void *, const char *);
    const char *(*as_utf8)(void *);
    void (*decref)(void *);
    void *(*error_occurred)(void);
    void (*error_clear)(void);
    void *(*call)(void *);
    void *(*thread_state)(void); /* the calling thread's, or null */
    void *(*own_state)(void);    /* as it, whether it is attached or not */
    void *(*dict_values)(void *);
    void *(*list_item)(void *, int64_t); /* borrowed */
    unsigned long (*as_unsigned)(void *);
    uintptr_t true_object, method_descriptor_type, function_type, module_definition_type;
};

/* What the probe's own thread is to do besides: to end, or to make a call. */
enum { SAMPLER_STOP = 1, SAMPLER_ASKED };
enum { CALL_NONE, CALL_ASKED, CALL_GOES_ON };

struct probe {
    _Alignas(CACHE_LINE_BYTES) _Atomic bool active; /* hooks record */
    _Atomic bool forked_child; /* the trace is the parent's; a new one is due */
    _Atomic bool finished;
    uint32_t clock;
    uint64_t long_gap_ticks;
    uint64_t cpu_before_ns; /* of the process, before the trace began */
    struct real_functions real;
    struct layout layout;
    const uint8_t *runtime; /* _PyRuntime */
    uint32_t forks;         /* how often this process became another */
    struct probe_options options;
    char folder[4096];
    bool preloaded;
    struct trace_file file;
    struct stream meta;
    struct python_api api;
    uintptr_t code_type, str_type, type_type, get_version;
    void (*code_dealloc)(void *);
    _Atomic uint32_t codes_freed[1 << 12]; /* see codes_freed_at() */
    struct drop_callers drop_callers;
    struct lock_methods lock_methods;
    struct wait_methods wait_methods;
    struct thread_names thread_names;
    const char *version; /* Py_GetVersion() */
    char library[4096];

    _Atomic uint32_t gil_next, gil_count;
    struct gil gils[GILSCOPE_GIL_CAPACITY];
    struct lanes lanes;

    pthread_key_t thread_key;
    atomic_flag thread_lock;
    _Atomic uint32_t thread_blocks, thread_hint, entry_chunks;
    struct thread *threads[MAX_THREAD_BLOCKS];
    struct thread_entry *entries[MAX_ENTRY_CHUNKS];
    bool had_thread; /* what forked was known, by this name: */
    char forking_name[GILSCOPE_THREAD_NAME_BYTES];

    struct bare_thread sampler;
    /* GILSCOPE_FRAMES_*, and how often they could not be read, or were not there, while that is not decided. */
    _Atomic uint32_t frames, wrong_frames, no_frames;
    _Atomic bool sampler_runs;
    _Atomic uint32_t sampler_stop; /* 0, SAMPLER_* */
    struct sampler_call {
        _Atomic uint32_t state; /* CALL_* */
        _Atomic uint32_t done;
        long number, a, b, c, result;
    } sampler_call;
    struct sampler *sampler_state; /* of the probe's thread, also while it is paused */
    uint64_t sampler_before_ns;    /* CPU time of earlier threads */
    atomic_flag sampler_pause;     /* one thread at a time makes a pause */
    atomic_flag
        time_lock; /* of what the header says of time; taken for good at the end of the program */
};

extern struct probe probe __attribute__((visibility("hidden")));

/* How many code objects have been freed since the beginning at this place, and at some others. */
static inline _Atomic uint32_t *codes_freed_at(uintptr_t code)
{
    return &probe.codes_freed[(uint64_t)code * 0x9e3779b97f4a7c15u >> 52];
}

static inline bool probe_is_active(void)
{
    return atomic_load_explicit(&probe.active, memory_order_acquire);
}

/* The GIL in whose stream a thread may write; null: nothing of it is recorded. */
static inline struct gil *recording_gil(const struct thread *t)
{
    return t && probe_is_active() ? t->holds : NULL;
}

/*
 * When Python ends it frees the states of the threads that still run. One of them that waits for the GIL gets it once more,
 * only to give it up (take_gil, Python/ceval_gil.c): then nothing may be read of its state. Where the layout is known.
 */
static inline bool may_be_freed(uintptr_t state)
{
    uintptr_t ending = *(const volatile uintptr_t *)(probe.runtime + probe.layout.finalizing);
    return __builtin_expect(ending != 0, 0) && ending != state;
}

/*
 * Starts to trace the interpreter that defines `_PyRuntime`, found from `library` (a dlopen handle) or, null, among all
 * that is loaded. Call before the interpreter is initialised. False: `error` says what failed; nothing is changed then.
 */
__attribute__((visibility("default"))) bool
gilscope_probe_start(const struct probe_options *options, void *library, char *error,
                     size_t error_bytes);

/* The end of the program; `code_known`: `code` is its exit status. May be called more than once. */
void probe_finish(int code, bool code_known);

/* In place of a trace: why this process has none. */
bool probe_note_failure(const char *folder, const char *error);
/* A child that cannot even say why it is not recorded. Also between vfork and exec. */
void probe_count_unrecorded_child(void);

/* A message for the user, in the trace. Not for hooks. */
void probe_say(const char *text);

/* In a forked child, once it goes on as a Python process: starts its own trace. */
void probe_enter_forked_child(void);

/* Adds to what the trace says of the process. Not for hooks of the GIL. */
void probe_put_meta(uint16_t key, const char *value);

/*
 * Before the process that records becomes another program; true if it is this one (between vfork and exec, and after a
 * fork, it is not). After an exec that failed it records on.
 */
bool probe_before_exec(void);
void probe_after_failed_exec(bool own);

/*
 * CPython warns of a fork with threads by the count in /proc/self/stat (3.12+), which must not show the probe's own.
 * Null for any other path.
 */
FILE *probe_hide_own_thread(const char *path);

#endif
