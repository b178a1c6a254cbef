#include "exec_follow.h"
#include "exec_target.h"
#include "option_variables.h"
#include "probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAX_VARIABLES 8u
#define PARENT_BYTES 32u

static struct {
    bool open;
    char library[4096];
    char trace[4096 + 32];
    char numbers[MAX_VARIABLES][64];
    unsigned count;
    uint32_t parent_pid;
} following;

/* LD_PRELOAD is a list without quoting: these would split or change a path in it. */
static bool can_be_preloaded(const char *path)
{
    return path[0] == '/' && strpbrk(path, " \t\r\n:$") == NULL;
}

/* This library's own path, or that of a link to it in the run's folder. */
static bool find_library(const char *folder)
{
    Dl_info own;
    if (!dladdr((void *)&exec_follow_open, &own) || !own.dli_fname ||
        !realpath(own.dli_fname, following.library))
        return false;
    if (can_be_preloaded(own.dli_fname))
        strcpy(following.library, own.dli_fname);
    if (can_be_preloaded(following.library))
        return true;
    char link[sizeof following.library];
    int n = snprintf(link, sizeof link, "%s/libgilscope.so", folder);
    if (n < 0 || (size_t)n >= sizeof link || !can_be_preloaded(link) ||
        (symlink(following.library, link) != 0 && errno != EEXIST))
        return false;
    strcpy(following.library, link);
    return true;
}

static void add_number(const char *name, uint64_t value, int base)
{
    if (value && following.count < MAX_VARIABLES)
        snprintf(following.numbers[following.count++], sizeof *following.numbers,
                 base == 16 ? VARIABLE_PREFIX "%s=%llx" : VARIABLE_PREFIX "%s=%llu", name,
                 (unsigned long long)value);
}

bool exec_follow_open(const struct probe_options *options, const char *folder)
{
    struct probe_options inherited = *options;
    if (following.open)
        return true;
    if (!find_library(folder))
        return false;
    exec_target_open();
    snprintf(following.trace, sizeof following.trace, VARIABLE_PREFIX "TRACE=%s", folder);
    /* The limit is set already, and the parent is another. */
    inherited.open_files = inherited.parent_pid = 0;
#define ADD(name, member, base) add_number(name, inherited.member, base);
    NUMBER_OPTIONS(ADD)
#undef ADD
    following.parent_pid = options->parent_pid;
    following.open = true;
    return true;
}

/*
 * Once the run is over and its folder gone, nobody would read what the next program records. A program that gave up its
 * rights or its root cannot reach the folder either, and the loader takes no library from one whose users differ
 * (ld.so(8), secure-execution mode).
 */
static bool can_record(void)
{
    const char *folder = following.trace + strlen(VARIABLE_PREFIX "TRACE=");
    return geteuid() == getuid() && getegid() == getgid() &&
           faccessat(AT_FDCWD, folder, W_OK, AT_EACCESS) == 0 &&
           access(following.library, R_OK) == 0;
}

/* A Python that cannot record is counted, which harms nothing where the run is over. */
static bool is_to_record(const char *path)
{
    enum exec_target target = exec_target_of(path);
    if (target != EXEC_TARGET_OTHER && can_record())
        return true;
    if (target == EXEC_TARGET_PYTHON)
        probe_count_unrecorded_child();
    return false;
}

static const char *last_preload(char *const environment[], size_t *count)
{
    const char *found = NULL;
    size_t n = 0;
    for (; environment && environment[n]; n++)
        if (!strncmp(environment[n], PRELOAD_VARIABLE, strlen(PRELOAD_VARIABLE)))
            found = environment[n] + strlen(PRELOAD_VARIABLE);
    *count = n;
    return found;
}

/* Somebody else asks the next program to record, into a run of its own. */
static bool is_asked_already(char *const environment[])
{
    for (size_t n = 0; environment && environment[n]; n++)
        if (!strncmp(environment[n], VARIABLE_PREFIX "TRACE=", strlen(VARIABLE_PREFIX "TRACE=")))
            return true;
    return false;
}

static size_t room_of(char *const environment[])
{
    size_t count;
    const char *preload = last_preload(environment, &count);
    return (count + following.count + 4) * sizeof(char *) + strlen(PRELOAD_VARIABLE) +
           strlen(following.library) + 2 + (preload ? strlen(preload) : 0) + PARENT_BYTES;
}

size_t exec_follow_room(const char *path, char *const environment[])
{
    int error = errno;
    bool follow = following.open && path && !is_asked_already(environment) && is_to_record(path);
    errno = error;
    return follow ? room_of(environment) : 0;
}

size_t exec_follow_room_of_name(const char *name, char *const environment[])
{
    int error = errno;
    const char *folders = getenv("PATH"), *end;
    size_t room = 0;
    if (!following.open || !name || !*name)
        return 0;
    if (strchr(name, '/'))
        return exec_follow_room(name, environment);
    for (const char *at = folders ? folders : "/bin:/usr/bin"; !room; at = end + 1) {
        char path[4096];
        struct stat s;
        end = at + strcspn(at, ":");
        size_t bytes = (size_t)(end - at);
        if (bytes + strlen(name) + 2 <= sizeof path) {
            memcpy(path, at, bytes);
            if (bytes)
                path[bytes++] = '/'; /* no folder: the current one */
            strcpy(path + bytes, name);
            if (access(path, X_OK) == 0 && stat(path, &s) == 0 && S_ISREG(s.st_mode)) {
                room = exec_follow_room(path, environment);
                break;
            }
        }
        if (!*end)
            break;
    }
    errno = error;
    return room;
}

/* Decimal digits; no snprintf between vfork and exec. */
static char *put_decimal(char *to, uint32_t value)
{
    char digits[10];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        *to++ = digits[--n];
    *to = 0;
    return to + 1;
}

/* The nearest process above the next program that records. */
static uint32_t parent_of_next(enum exec_kind kind)
{
    const struct trace_header *own = probe.file.header;
    if (!own)
        return following.parent_pid;
    bool replaces = kind == EXEC_REPLACES && own->pid == (uint32_t)getpid();
    return replaces ? own->parent_pid : own->pid;
}

char **exec_follow_environment(void *room, char *const environment[], enum exec_kind kind)
{
    size_t count;
    const char *preload = last_preload(environment, &count);
    char **variables = room, *text = (char *)(variables + count + following.count + 4);
    if (count)
        memcpy(variables, environment, count * sizeof *variables);
    variables[count++] = text;
    /* Of several variables of this name the dynamic linker takes the last. */
    text = stpcpy(stpcpy(text, PRELOAD_VARIABLE), following.library);
    if (preload && *preload)
        text = stpcpy(stpcpy(text, ":"), preload);
    variables[count++] = following.trace;
    for (unsigned i = 0; i < following.count; i++)
        variables[count++] = following.numbers[i];
    variables[count++] = ++text;
    put_decimal(stpcpy(text, VARIABLE_PREFIX "PARENT="), parent_of_next(kind));
    variables[count] = NULL;
    return variables;
}
