#include "probe.h"
#include "exec_follow.h"
#include "interpreter.h"
#include "sampler.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define DEFAULT_MAX_BYTES (1024ull * 1024 * 1024)
/*
 * Where drop_gil's caller cannot be told: after a forced release the eval loop asks again as soon as it has woken the
 * waiter and got out of the wait for the switch.
 */
#define LONG_GAP_NS 100000u
#define HOST_OPTION "--gilscope-"

struct probe probe;

/* Tries for the right to write meta data; beyond them, as in a signal handler that interrupted a writer, none. */
#define META_TRIES 100000u

static atomic_flag meta_writer = ATOMIC_FLAG_INIT;

static void put_meta(uint16_t key, const char *value)
{
    size_t bytes = strnlen(value, 32768);
    for (unsigned tries = 0; atomic_flag_test_and_set(&meta_writer); tries++)
        if (tries == META_TRIES)
            return;
    uint8_t *p = stream_room(&probe.meta, 6 + bytes, BEYOND_FOR_TOTALS);
    if (p) {
        p = put_u16(p, key);
        p = put_u32(p, (uint32_t)bytes);
        memcpy(p, value, bytes);
        stream_commit(&probe.meta, p + bytes);
    }
    atomic_flag_clear(&meta_writer);
}

void probe_say(const char *text)
{
    put_meta(GILSCOPE_META_MESSAGE, text);
}

/* Where Python was found: argv[0], as sys.executable has it, unless that is a mere name. */
static void put_executable(const char *name)
{
    char path[4096];
    ssize_t n = strchr(name, '/') ? -1 : readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0)
        path[n] = 0;
    put_meta(GILSCOPE_META_EXECUTABLE, n > 0 ? path : name);
}

static void put_command_line(void)
{
    static const size_t MAX_BYTES = 1u << 20;
    char *line = malloc(MAX_BYTES);
    int fd = open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t n = line && fd >= 0 ? read(fd, line, MAX_BYTES - 1) : 0;
    if (fd >= 0)
        close(fd);
    if (n > 0)
        line[n] = 0;
    /* The host's own name and options, up to its `--`, are not the program's: there where they could not be hidden. */
    bool own_options = n > 0 && !strncmp(line + strlen(line) + 1, HOST_OPTION, strlen(HOST_OPTION));
    bool named = false;
    for (ssize_t i = 0; i < n; i += (ssize_t)strlen(line + i) + 1) {
        if (own_options && !strcmp(line + i, "--"))
            own_options = false;
        else if (!own_options) {
            if (!named)
                put_executable(line + i);
            named = true;
            put_meta(GILSCOPE_META_ARGUMENT, line + i);
        }
    }
    free(line);
}

static void describe_process(void)
{
    char folder[4096], version[64];
    atomic_flag_clear(&meta_writer); /* of a thread that a forked child does not have */
    stream_open(&probe.meta, &probe.file, GILSCOPE_CHUNK_KIND_META, 0);
    put_command_line();
    put_meta(GILSCOPE_META_LIBRARY, probe.library);
    snprintf(version, sizeof version, "%.*s", (int)strcspn(probe.version, " "), probe.version);
    put_meta(GILSCOPE_META_PYTHON_VERSION, version);
    if (getcwd(folder, sizeof folder))
        put_meta(GILSCOPE_META_FOLDER, folder);
}

static void fill_header(uint32_t flags)
{
    struct trace_header *h = probe.file.header;
    h->version = GILSCOPE_TRACE_VERSION;
    h->byte_order = GILSCOPE_BYTE_ORDER_MARK;
    h->header_bytes = GILSCOPE_HEADER_BYTES;
    h->chunk_bytes = GILSCOPE_CHUNK_BYTES;
    h->gil_entry_bytes = GILSCOPE_GIL_ENTRY_BYTES;
    h->thread_entry_bytes = GILSCOPE_THREAD_ENTRY_BYTES;
    atomic_store(&h->chunk_count, 1);
    h->pid = (uint32_t)getpid();
    h->parent_pid = probe.options.parent_pid ? probe.options.parent_pid : (uint32_t)getppid();
    h->python_hex = probe.layout.hex;
    atomic_store(
        &h->flags,
        flags | (probe.layout.free_threaded ? (uint32_t)GILSCOPE_PROCESS_FLAG_FREE_THREADED : 0) |
            (probe.preloaded ? (uint32_t)GILSCOPE_PROCESS_FLAG_PRELOADED : 0));
    atomic_store(&h->frames, atomic_load(&probe.frames));
    h->clock = probe.clock;
    h->max_bytes = (uint64_t)probe.file.bound_chunks * GILSCOPE_CHUNK_BYTES;
    struct clock_anchor now = clock_anchor(probe.clock);
    h->anchor0_ns = now.ns;
    h->anchor0_ticks = now.ticks;
    h->realtime_ns = clock_ns(CLOCK_REALTIME);
    h->start_ticks = h->heartbeat_ticks = h->anchor0_ticks;
    probe.cpu_before_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
    atomic_thread_fence(memory_order_release);
    memcpy(h->magic, GILSCOPE_TRACE_MAGIC, 8);
}

/* Ticks of LONG_GAP_NS, from a first, rough look at the rate of the clock. */
static uint64_t long_gap_ticks(void)
{
    if (probe.clock == GILSCOPE_CLOCK_MONOTONIC_NS)
        return LONG_GAP_NS;
    uint64_t ns0 = clock_ns(CLOCK_MONOTONIC), ticks0 = clock_ticks(probe.clock), ns;
    do
        ns = clock_ns(CLOCK_MONOTONIC);
    while (ns - ns0 < 20000);
    return (clock_ticks(probe.clock) - ticks0) * LONG_GAP_NS / (ns - ns0);
}

static bool open_trace(uint32_t flags, char *error, size_t error_bytes)
{
    if (!trace_file_create(&probe.file, probe.folder, probe.options.max_bytes, error, error_bytes))
        return false;
    fill_header(flags);
    describe_process();
    return true;
}

static void before_fork(void)
{
    if (thread_self && probe_is_active())
        memcpy(probe.forking_name, thread_self->entry->name, sizeof probe.forking_name);
}

/*
 * Until Python says that the child goes on (PyOS_AfterFork_Child; after a fork() in C it never may), its hooks, and a
 * lock's call that is going on, must leave the parent's trace alone: the thread's entry and its GIL are in there.
 */
static void after_fork_in_child(void)
{
    if (!atomic_exchange(&probe.active, false))
        return;
    probe.forks++;
    probe.options.parent_pid = probe.file.header->pid;
    atomic_store(&probe.forked_child, !probe.options.no_children);
    probe.had_thread = thread_self != NULL;
    thread_self = NULL;
}

static void set_open_files(uint64_t soft)
{
    struct rlimit limit;
    if (!soft || getrlimit(RLIMIT_NOFILE, &limit) != 0 || soft >= limit.rlim_cur)
        return;
    limit.rlim_cur = (rlim_t)soft;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void at_exit(int status, void *unused)
{
    (void)unused;
    probe_finish(status, true);
}

static void start_sampler(void)
{
    atomic_flag_clear(&probe.time_lock);
    if (!sampler_start())
        put_meta(
            GILSCOPE_META_MESSAGE,
            "The probe could not start its own thread: no samples were taken, so long holds "
            "are not split over lines, and once the first 4 MB of the trace are full there are "
            "only totals.");
}

static void say_left_out(const char *text)
{
    atomic_fetch_or(&probe.file.header->flags, GILSCOPE_PROCESS_FLAG_CHILDREN_LEFT_OUT);
    put_meta(GILSCOPE_META_MESSAGE, text);
}

bool gilscope_probe_start(const struct probe_options *options, void *library, char *error,
                          size_t error_bytes)
{
    probe.options = *options;
    set_open_files(options->open_files);
    if (!probe.options.max_bytes)
        probe.options.max_bytes = DEFAULT_MAX_BYTES;
    /* Absolute, since the program may change its folder. */
    if (!options->folder || !realpath(options->folder, probe.folder)) {
        snprintf(error, error_bytes, "cannot use the trace folder %s: %s",
                 options->folder ? options->folder : "", strerror(errno));
        return false;
    }
    if (!interpreter_find(library)) {
        snprintf(error, error_bytes, "no CPython is loaded in this process");
        return false;
    }
    probe.clock = clock_choose();
    probe.long_gap_ticks = long_gap_ticks();
    atomic_store(&probe.frames,
                 probe.layout.known ? GILSCOPE_FRAMES_NOT_YET : GILSCOPE_FRAMES_UNKNOWN_VERSION);
    if (!open_trace(0, error, error_bytes))
        return false;
    lanes_open();
    struct thread *main_thread = thread_table_open() ? thread_attach() : NULL;
    if (!main_thread || !interpreter_hook(error, error_bytes)) {
        if (!main_thread)
            snprintf(error, error_bytes, "no memory for the tables of the probe");
        return false;
    }
    thread_rename(main_thread, "MainThread");
    pthread_atfork(before_fork, NULL, after_fork_in_child);
    on_exit(at_exit, NULL);
    atomic_store(&probe.active, true);
    if (!options->no_children && !exec_follow_open(options, probe.folder))
        say_left_out(
            "Python programs that this one starts are not recorded: the path of the probe has a "
            "character that LD_PRELOAD cannot carry, and no link to it could be made.");
    start_sampler();
    if (options->no_children)
        say_left_out(
            "Child processes were left out, as asked: what they did is not in the profile.");
    return true;
}

/*
 * A child runs on whatever happens; the reader of the run learns why it is missing. A link needs no descriptor, which may
 * be what there is none left of.
 */
bool probe_note_failure(const char *folder, const char *error)
{
    char path[4096 + 32];
    snprintf(path, sizeof path, "%s/%d.failed", folder, (int)getpid());
    return symlink(error, path) == 0;
}

void probe_count_unrecorded_child(void)
{
    if (probe.file.header)
        atomic_fetch_add(&probe.file.header->unrecorded_children, 1);
}

void probe_enter_forked_child(void)
{
    char error[256];
    if (!atomic_load_explicit(&probe.forked_child, memory_order_relaxed) ||
        !atomic_exchange(&probe.forked_child, false))
        return;
    atomic_store(&probe.sampler_runs, false);
    gil_table_restart();
    struct trace_header *parents = trace_file_abandon(&probe.file);
    bool opened = open_trace(GILSCOPE_PROCESS_FLAG_FORKED, error, sizeof error);
    if (!opened && !probe_note_failure(probe.folder, error))
        atomic_fetch_add(&parents->unrecorded_children, 1);
    trace_file_drop(parents);
    if (!opened)
        return;
    lanes_restart();
    thread_table_restart();
    atomic_store(&probe.active, true);
    start_sampler();
}

/* Between vfork and exec a child runs in the memory of this process. */
static bool is_own_process(void)
{
    return atomic_load(&probe.active) && probe.file.header->pid == (uint32_t)getpid();
}

void probe_put_meta(uint16_t key, const char *value)
{
    if (is_own_process())
        put_meta(key, value);
}

bool probe_before_exec(void)
{
    if (!is_own_process())
        return false;
    probe.file.header->exit_flags |= GILSCOPE_EXIT_FLAG_REPLACED;
    trace_file_beat(&probe.file, clock_ticks(probe.clock));
    return true;
}

void probe_after_failed_exec(bool own)
{
    if (own)
        probe.file.header->exit_flags &= ~(uint32_t)GILSCOPE_EXIT_FLAG_REPLACED;
}

void probe_finish(int code, bool code_known)
{
    if (!is_own_process() || atomic_exchange(&probe.finished, true))
        return;
    lanes_watch_gil(lanes_memory());
    struct trace_header *h = probe.file.header;
    struct clock_anchor now = clock_anchor(probe.clock);
    sampler_end();
    h->process_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - probe.cpu_before_ns;
    trace_file_put_anchor(&probe.file, now, true);
    h->exit_code = code;
    h->exit_flags = code_known ? GILSCOPE_EXIT_FLAG_CODE_KNOWN : 0;
    trace_file_beat(&probe.file, now.ticks);
    atomic_thread_fence(memory_order_release);
    h->end_ticks = now.ticks;
}
