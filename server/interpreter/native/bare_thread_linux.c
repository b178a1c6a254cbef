#include "bare_thread.h"
#include "clock.h"
#include "memory.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define STACK_BYTES (256u * 1024)
/* Room on each side of the thread pointer: which one is used depends on the processor. */
#define LOCAL_BYTES (64u * 1024)
#define LOOK_AGAIN_NS 20000
/* How long its start is waited for, on a machine without a free core. */
#define LONGEST_START_NS 1000000000u

/* Sanitizers keep state for each thread that they see begin. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define CAN_BE_BARE false
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer) || __has_feature(address_sanitizer)
#define CAN_BE_BARE false
#endif
#endif
#ifndef CAN_BE_BARE
#define CAN_BE_BARE true
#endif

/* close_range(2): Linux 5.9. */
#ifndef SYS_close_range
#define SYS_close_range 436
#endif

static bool close_descriptors_from(unsigned first)
{
    return syscall(SYS_close_range, first, ~0u, 0) == 0;
}

static void *enter_pthread(void *run)
{
    ((void (*)(void))(uintptr_t)run)();
    return NULL;
}

static int enter_bare(void *run)
{
    enter_pthread(run);
    return 0;
}

struct start {
    void (*run)(void);
    int kept;
    _Atomic uint32_t *closed;
};

static int enter_without_descriptors(void *at)
{
    struct start start = *(struct start *)at;
    /* Copies of the program's. */
    if (start.kept > 0)
        syscall(SYS_close_range, 0, start.kept - 1, 0);
    close_descriptors_from(start.kept + 1);
    atomic_store(start.closed, 1);
    bare_thread_wake(start.closed);
    start.run();
    return 0;
}

/*
 * Zeroed thread-local storage with errno at its place: the start of the thread control block is the same for all threads
 * of x86-64 (a pointer to itself twice, stack guard, pointer guard; sysdeps/x86_64/nptl/tls.h of glibc) and unused by
 * such calls elsewhere.
 */
static void *local_storage(uint8_t *memory)
{
    const uintptr_t *own = __builtin_thread_pointer();
    uintptr_t *block = (uintptr_t *)(memory + STACK_BYTES + LOCAL_BYTES);
    intptr_t to_errno = (intptr_t)&errno - (intptr_t)own;
    if (to_errno < -(intptr_t)LOCAL_BYTES + 64 || to_errno > (intptr_t)LOCAL_BYTES - 64)
        return NULL;
#if defined(__x86_64__)
    block[0] = block[2] = (uintptr_t)block;
    block[5] = own[5];
    block[6] = own[6];
#endif
    return block;
}

/* As long as a copy is open, what the program closes is not: a port stays taken, a lock held, a pipe without its end. */
static void wait_until_closed(struct bare_thread *thread)
{
    bare_thread_await(&thread->closed, LONGEST_START_NS);
}

/* On the new thread's own stack, at its end. */
static bool clone_bare(struct bare_thread *thread, struct start start, bool own_descriptors,
                       void *local)
{
    struct start *at = (struct start *)((uint8_t *)thread->memory + STACK_BYTES) - 1;
    int flags = CLONE_VM | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM | CLONE_SETTLS;
    *at = start;
    thread->kept = own_descriptors ? start.kept : NO_DESCRIPTOR;
    thread->has_own = own_descriptors;
    void *stack = (void *)((uintptr_t)at & ~(uintptr_t)15);
    atomic_store(&thread->closed, 0);
    if (own_descriptors) {
        thread->tid = clone(enter_without_descriptors, stack, flags, at, NULL, local, NULL);
        if (thread->tid > 0)
            wait_until_closed(thread);
    } else
        thread->tid = clone(enter_bare, stack, flags | CLONE_FILES, (void *)(uintptr_t)start.run,
                            NULL, local, NULL);
    return thread->tid > 0;
}

static bool start_bare(struct bare_thread *thread, struct start start)
{
    /* Copies that cannot be closed would keep the program's pipes open: then they are shared. */
    bool own_descriptors = close_descriptors_from(~0u);
    if (!thread->memory)
        thread->memory = memory_reserve(STACK_BYTES + 2 * LOCAL_BYTES);
    if (!thread->memory)
        return false;
    void *local = local_storage(thread->memory);
    if (!local)
        return false;
    mprotect(thread->memory, 4096, PROT_NONE);
    return clone_bare(thread, start, own_descriptors, local);
}

static bool start_pthread(struct bare_thread *thread, void (*run)(void))
{
    pthread_attr_t attributes;
    thread->tid = 0;
    thread->kept = NO_DESCRIPTOR;
    thread->has_own = false;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    int failed =
        pthread_create(&thread->pthread, &attributes, enter_pthread, (void *)(uintptr_t)run);
    pthread_attr_destroy(&attributes);
    return failed == 0;
}

bool bare_thread_start(struct bare_thread *thread, void (*run)(void), int kept_descriptor)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool started = (CAN_BE_BARE &&
                    start_bare(thread, (struct start){run, kept_descriptor, &thread->closed})) ||
                   start_pthread(thread, run);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

void bare_thread_sleep(_Atomic uint32_t *word, uint64_t ns)
{
    struct timespec t = {(time_t)(ns / 1000000000u), (long)(ns % 1000000000u)};
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, &t, NULL, 0);
}

bool bare_thread_await(_Atomic uint32_t *word, uint64_t most_ns)
{
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC), ns;
    while (!atomic_load(word)) {
        if ((ns = clock_ns(CLOCK_MONOTONIC) - begun_ns) >= most_ns)
            return false;
        bare_thread_sleep(word, most_ns - ns);
    }
    return true;
}

void bare_thread_wake(_Atomic uint32_t *word)
{
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

bool bare_thread_ended(const struct bare_thread *thread, uint64_t most_ns)
{
    struct timespec pause = {0, LOOK_AGAIN_NS};
    if (!thread->tid)
        return pthread_join(thread->pthread, NULL) == 0;
    uint64_t begun = clock_ns(CLOCK_MONOTONIC);
    while (syscall(SYS_tgkill, getpid(), thread->tid, 0) == 0) {
        if (clock_ns(CLOCK_MONOTONIC) - begun > most_ns)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

uint64_t bare_thread_cpu_ns(const struct bare_thread *thread)
{
    clockid_t clock;
    if (thread->tid)
        return clock_ns(clock_of_thread((uint32_t)thread->tid));
    return pthread_getcpuclockid(thread->pthread, &clock) == 0 ? clock_ns(clock) : 0;
}
