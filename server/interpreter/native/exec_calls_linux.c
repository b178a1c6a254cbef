/*
 * libc's functions that execute a program, for every object of a process that has this library before libc in its search
 * order: the host links it, other programs get it preloaded. Each does what libc's does, with an environment that makes
 * the next program record, if that is Python.
 */
#include "checked_stack.h"
#include "exec_follow.h"

#include <alloca.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_STACK_BYTES 65536u

typedef int (*spawn_call)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                          const posix_spawnattr_t *, char *const[], char *const[]);

static struct {
    int (*execve)(const char *, char *const[], char *const[]);
    int (*execvpe)(const char *, char *const[], char *const[]);
    int (*fexecve)(int, char *const[], char *const[]);
    spawn_call posix_spawn, posix_spawnp;
    int (*system)(const char *);
} real;

__attribute__((constructor(101))) static void find_real(void)
{
    *(void **)&real.execve = dlsym(RTLD_NEXT, "execve");
    *(void **)&real.execvpe = dlsym(RTLD_NEXT, "execvpe");
    *(void **)&real.fexecve = dlsym(RTLD_NEXT, "fexecve");
    *(void **)&real.posix_spawn = dlsym(RTLD_NEXT, "posix_spawn");
    *(void **)&real.posix_spawnp = dlsym(RTLD_NEXT, "posix_spawnp");
    *(void **)&real.system = dlsym(RTLD_NEXT, "system");
}

/* Another library's constructor may be earlier. */
static void need_real(void)
{
    if (!real.execve)
        find_real();
}

/* Room on the stack; for a huge environment, pages that a failed call gives back. */
#define TAKE_ROOM(bytes) ((bytes) <= MAX_STACK_BYTES ? alloca(bytes) : map_room(bytes))

static void *map_room(size_t bytes)
{
    void *room = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return room == MAP_FAILED ? NULL : room;
}

static void give_back(void *room, size_t bytes)
{
    int error = errno;
    if (room && bytes > MAX_STACK_BYTES)
        munmap(room, bytes);
    errno = error;
}

/* In this order: the room, the environment, the call. */
#define FOLLOWING(bytes, environment, kind, call)                                                  \
    do {                                                                                           \
        size_t room_bytes = (bytes);                                                               \
        void *room = room_bytes ? TAKE_ROOM(room_bytes) : NULL;                                    \
        char *const *next =                                                                        \
            room ? exec_follow_environment(room, environment, kind) : (environment);               \
        checked_stack_leave();                                                                     \
        result = (call);                                                                           \
        give_back(room, room_bytes);                                                               \
    } while (0)

EXPORT int execve(const char *path, char *const arguments[], char *const environment[])
{
    int result;
    need_real();
    bool own = probe_before_exec();
    FOLLOWING(exec_follow_room(path, environment), environment, EXEC_REPLACES,
              real.execve(path, arguments, next));
    probe_after_failed_exec(own);
    return result;
}

EXPORT int execv(const char *path, char *const arguments[])
{
    return execve(path, arguments, environ);
}

EXPORT int execvpe(const char *name, char *const arguments[], char *const environment[])
{
    int result;
    need_real();
    bool own = probe_before_exec();
    FOLLOWING(exec_follow_room_of_name(name, environment), environment, EXEC_REPLACES,
              real.execvpe(name, arguments, next));
    probe_after_failed_exec(own);
    return result;
}

EXPORT int execvp(const char *name, char *const arguments[])
{
    return execvpe(name, arguments, environ);
}

EXPORT int fexecve(int fd, char *const arguments[], char *const environment[])
{
    char path[64];
    int result;
    need_real();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    bool own = probe_before_exec();
    FOLLOWING(exec_follow_room(path, environment), environment, EXEC_REPLACES,
              real.fexecve(fd, arguments, next));
    probe_after_failed_exec(own);
    return result;
}

/* The arguments of execl and the like, as an array on the stack of the caller. */
#define COLLECT(first, rest, array)                                                                \
    size_t count = 1;                                                                              \
    va_list counting;                                                                              \
    va_copy(counting, rest);                                                                       \
    while (va_arg(counting, const char *))                                                         \
        count++;                                                                                   \
    va_end(counting);                                                                              \
    char **array = alloca((count + 1) * sizeof *array);                                            \
    (array)[0] = (char *)(first);                                                                  \
    for (size_t i = 1; i <= count; i++)                                                            \
    (array)[i] = va_arg(rest, char *)

EXPORT int execl(const char *path, const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    COLLECT(first, rest, arguments);
    va_end(rest);
    return execve(path, arguments, environ);
}

EXPORT int execlp(const char *name, const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    COLLECT(first, rest, arguments);
    va_end(rest);
    return execvpe(name, arguments, environ);
}

EXPORT int execle(const char *path, const char *first, ...)
{
    va_list rest;
    va_start(rest, first);
    COLLECT(first, rest, arguments);
    char *const *environment = va_arg(rest, char *const *);
    va_end(rest);
    return execve(path, arguments, environment);
}

EXPORT int posix_spawn(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions,
                       const posix_spawnattr_t *attributes, char *const arguments[],
                       char *const environment[])
{
    int result;
    need_real();
    FOLLOWING(exec_follow_room(path, environment), environment, EXEC_SPAWNS,
              real.posix_spawn(pid, path, actions, attributes, arguments, next));
    return result;
}

EXPORT int posix_spawnp(pid_t *pid, const char *name, const posix_spawn_file_actions_t *actions,
                        const posix_spawnattr_t *attributes, char *const arguments[],
                        char *const environment[])
{
    int result;
    need_real();
    FOLLOWING(exec_follow_room_of_name(name, environment), environment, EXEC_SPAWNS,
              real.posix_spawnp(pid, name, actions, attributes, arguments, next));
    return result;
}

/* While at least one system() waits, SIGINT and SIGQUIT are ignored; the last one restores them (POSIX, system()). */
static struct {
    pthread_mutex_t lock;
    unsigned waiting;
    struct sigaction interrupt, quit;
} shells = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void shell_begins(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    pthread_mutex_lock(&shells.lock);
    if (shells.waiting++ == 0) {
        sigaction(SIGINT, &ignore, &shells.interrupt);
        sigaction(SIGQUIT, &ignore, &shells.quit);
    }
    pthread_mutex_unlock(&shells.lock);
}

static void shell_ended(void)
{
    pthread_mutex_lock(&shells.lock);
    if (--shells.waiting == 0) {
        sigaction(SIGINT, &shells.interrupt, NULL);
        sigaction(SIGQUIT, &shells.quit, NULL);
    }
    pthread_mutex_unlock(&shells.lock);
}

static int run_shell(const char *command, const sigset_t *mask)
{
    char *const arguments[] = {"sh", "-c", "--", (char *)command, NULL};
    posix_spawnattr_t attributes;
    sigset_t defaults;
    pid_t pid;
    int status;
    sigemptyset(&defaults);
    if (shells.interrupt.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGINT);
    if (shells.quit.sa_handler != SIG_IGN)
        sigaddset(&defaults, SIGQUIT);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, mask);
    posix_spawnattr_setsigdefault(&attributes, &defaults);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    int failed = posix_spawn(&pid, "/bin/sh", NULL, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    if (failed)
        return W_EXITCODE(127, 0);
    while (waitpid(pid, &status, 0) == -1)
        if (errno != EINTR)
            return -1;
    return status;
}

/* libc's own system() calls its own posix_spawn, past the one above. */
EXPORT int system(const char *command)
{
    sigset_t child, before;
    need_real();
    if (!command || !exec_follow_room("/bin/sh", environ))
        return real.system(command);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, &before);
    shell_begins();
    int status = run_shell(command, &before);
    shell_ended();
    int error = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return status;
}
