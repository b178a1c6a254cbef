/*
 * libc's functions that want a program alone with its own threads, for every object of a process that has this library before
 * libc in its search order (exec_calls_linux.c): the kernel refuses a process of several threads a user namespace (unshare(2),
 * setns(2)), so the probe's own thread ends before them, and begins again after them; and libc changes the user and groups
 * of the threads that it knows, one by one (nptl(7)), so the probe's own does the same after them, with the trace open that it
 * may then no longer reach.
 */
#include "sampler.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
/* Linux 4.11: the CLONE_NEW* flag of the namespace that a descriptor stands for. */
#define GET_NAMESPACE_TYPE _IO(0xb7, 3)
#define NEW_TIME 0x80
#define TRIES 3
#define AGAIN_NS 100000

#define REFUSED_BY_UNSHARE (CLONE_NEWUSER | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM)
#define REFUSED_BY_SETNS (CLONE_NEWUSER | CLONE_NEWNS | NEW_TIME)

#define FIELD(name) __typeof__(&(name)) name
#define FIND(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name)

static struct {
    FIELD(unshare);
    FIELD(setns);
    FIELD(setuid);
    FIELD(setgid);
    FIELD(seteuid);
    FIELD(setegid);
    FIELD(setreuid);
    FIELD(setregid);
    FIELD(setresuid);
    FIELD(setresgid);
    FIELD(setgroups);
    FIELD(initgroups);
} real;

__attribute__((constructor(101))) static void find_real(void)
{
    FIND(unshare);
    FIND(setns);
    FIND(setuid);
    FIND(setgid);
    FIND(seteuid);
    FIND(setegid);
    FIND(setreuid);
    FIND(setregid);
    FIND(setresuid);
    FIND(setresgid);
    FIND(setgroups);
    FIND(initgroups);
}

/* Another library's constructor may be earlier. */
static void need_real(void)
{
    if (!real.unshare)
        find_real();
}

/* The kernel counts a thread for a moment longer than it can be seen. */
static bool is_tried_again(bool was_alone, int *tries)
{
    struct timespec pause = {0, AGAIN_NS};
    if (!was_alone || (errno != EINVAL && errno != EUSERS) || !(*tries)--)
        return false;
    nanosleep(&pause, NULL);
    return true;
}

#define ALONE(is_wanted, name, ...)                                                                \
    do {                                                                                           \
        struct sampler_pause pause;                                                                \
        int error = errno, result, tries = TRIES;                                                  \
        need_real();                                                                               \
        bool paused = (is_wanted) && sampler_pause(&pause);                                        \
        do {                                                                                       \
            errno = error;                                                                         \
            result = real.name(__VA_ARGS__);                                                       \
        } while (result == -1 && is_tried_again(paused && pause.ended, &tries));                   \
        if (paused) {                                                                              \
            error = errno;                                                                         \
            sampler_resume(&pause);                                                                \
            errno = error;                                                                         \
        }                                                                                          \
        return result;                                                                             \
    } while (0)

EXPORT int unshare(int flags)
{
    ALONE(flags & REFUSED_BY_UNSHARE, unshare, flags);
}

/* 0 says that any namespace will do. */
static bool may_be_refused(int fd, int type)
{
    int found = type ? type : ioctl(fd, GET_NAMESPACE_TYPE);
    return found == -1 || (found & REFUSED_BY_SETNS);
}

EXPORT int setns(int fd, int type)
{
    ALONE(may_be_refused(fd, type), setns, fd, type);
}

/* What the thread does, too, once the call has succeeded: setuid(2) and the like are of one thread. */
#define WITH_PROBE(number, a, b, c, name, ...)                                                     \
    do {                                                                                           \
        need_real();                                                                               \
        int result = real.name(__VA_ARGS__);                                                       \
        if (result == 0) {                                                                         \
            int error = errno;                                                                     \
            sampler_do(number, (long)(a), (long)(b), (long)(c));                                   \
            errno = error;                                                                         \
        }                                                                                          \
        return result;                                                                             \
    } while (0)

#define OF_ONE(name, type)                                                                         \
    EXPORT int name(type id)                                                                       \
    {                                                                                              \
        WITH_PROBE(SYS_##name, id, 0, 0, name, id);                                                \
    }
#define OF_EFFECTIVE(name, type, number)                                                           \
    EXPORT int name(type id)                                                                       \
    {                                                                                              \
        WITH_PROBE(number, -1, id, -1, name, id);                                                  \
    }
#define OF_TWO(name, type)                                                                         \
    EXPORT int name(type actual, type effective)                                                   \
    {                                                                                              \
        WITH_PROBE(SYS_##name, actual, effective, 0, name, actual, effective);                     \
    }
#define OF_THREE(name, type)                                                                       \
    EXPORT int name(type actual, type effective, type saved)                                       \
    {                                                                                              \
        WITH_PROBE(SYS_##name, actual, effective, saved, name, actual, effective, saved);          \
    }

OF_ONE(setuid, uid_t)
OF_ONE(setgid, gid_t)
OF_EFFECTIVE(seteuid, uid_t, SYS_setresuid)
OF_EFFECTIVE(setegid, gid_t, SYS_setresgid)
OF_TWO(setreuid, uid_t)
OF_TWO(setregid, gid_t)
OF_THREE(setresuid, uid_t)
OF_THREE(setresgid, gid_t)

EXPORT int setgroups(size_t count, const gid_t *groups)
{
    WITH_PROBE(SYS_setgroups, count, groups, 0, setgroups, count, groups);
}

/* The groups that it found are the calling thread's. */
EXPORT int initgroups(const char *user, gid_t group)
{
    need_real();
    int result = real.initgroups(user, group), error = errno;
    gid_t *groups = result == 0 ? malloc(NGROUPS_MAX * sizeof *groups) : NULL;
    int count = groups ? getgroups(NGROUPS_MAX, groups) : -1;
    if (count >= 0)
        sampler_do(SYS_setgroups, count, (long)groups, 0);
    free(groups);
    errno = error;
    return result;
}
