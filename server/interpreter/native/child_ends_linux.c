/*
 * How children ended, from the calls in which this process learns it: a child that is killed cannot say so itself. libc's
 * functions, for every object of the process (see exec_calls_linux.c).
 */
#include "probe.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

static struct {
    pid_t (*waitpid)(pid_t, int *, int);
    pid_t (*wait4)(pid_t, int *, int, struct rusage *);
    int (*waitid)(idtype_t, id_t, siginfo_t *, int);
} real;

__attribute__((constructor(101))) static void find_real(void)
{
    *(void **)&real.wait4 = dlsym(RTLD_NEXT, "wait4");
    *(void **)&real.waitid = dlsym(RTLD_NEXT, "waitid");
    *(void **)&real.waitpid = dlsym(RTLD_NEXT, "waitpid");
}

static void need_real(void)
{
    if (!real.waitpid)
        find_real();
}

static void note(pid_t pid, const char *kind, int number)
{
    char text[96];
    int error = errno;
    snprintf(text, sizeof text, "%d %s %d %llu %ld", (int)pid, kind, number,
             (unsigned long long)clock_ticks(probe.clock), syscall(SYS_gettid));
    probe_put_meta(GILSCOPE_META_CHILD_END, text);
    errno = error;
}

static void note_status(pid_t pid, int status)
{
    if (WIFEXITED(status))
        note(pid, "exit", WEXITSTATUS(status));
    else if (WIFSIGNALED(status))
        note(pid, "signal", WTERMSIG(status));
}

EXPORT pid_t waitpid(pid_t pid, int *status, int options)
{
    int own = 0;
    need_real();
    pid_t result = real.waitpid(pid, status ? status : &own, options);
    if (result > 0)
        note_status(result, status ? *status : own);
    return result;
}

EXPORT pid_t wait(int *status)
{
    return waitpid(-1, status, 0);
}

EXPORT pid_t wait4(pid_t pid, int *status, int options, struct rusage *usage)
{
    int own = 0;
    need_real();
    pid_t result = real.wait4(pid, status ? status : &own, options, usage);
    if (result > 0)
        note_status(result, status ? *status : own);
    return result;
}

EXPORT pid_t wait3(int *status, int options, struct rusage *usage)
{
    return wait4(-1, status, options, usage);
}

EXPORT int waitid(idtype_t type, id_t id, siginfo_t *info, int options)
{
    need_real();
    int result = real.waitid(type, id, info, options);
    if (result != 0 || !info || !info->si_pid || (options & WNOWAIT))
        return result;
    if (info->si_code == CLD_EXITED)
        note(info->si_pid, "exit", info->si_status);
    else if (info->si_code == CLD_KILLED || info->si_code == CLD_DUMPED)
        note(info->si_pid, "signal", info->si_status);
    return result;
}
