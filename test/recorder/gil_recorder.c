/*
 * An independent record of GIL events, for tests: preloaded, it interposes the pthread calls by symbol, knows a GIL by
 * the calls that create it, and keeps totals per thread and GIL in a mapped file. It shares no code, no clock and no
 * way of telling forced releases with the probe that it checks.
 *
 *   GIL_RECORDER_DIR   folder that gets one PID.rec for each process that has a GIL; unset: does nothing
 *
 * What CPython 3.9 to 3.15 does, with M/C the mutex and condition of the GIL and SM/SC those of forced switching:
 *   create   init(M) init(M+88) init(C = M-48) init(SC = M+40), one after the other on one thread
 *   take     lock(M)  [timedwait(C)]*  lock(SM) signal(SC) unlock(SM)  unlock(M)
 *   drop     lock(M)  signal(C)  unlock(M)  [lock(SM) [wait(SC)] unlock(SM)]     the bracket: a waiter had asked
 *
 * Whether a release was forced: forced_release.c.
 * As a check, `quick` counts how often the next take came within 2 us.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "forced_release.h"

#define EXPORT __attribute__((visibility("default")))
#define FAST_TLS __thread __attribute__((tls_model("initial-exec")))

enum { SLOT_CAPACITY = 1 << 17, HEADER_BYTES = 4096, TABLE_SIZE = 8192 };
static const uint64_t QUICK_NS = 2000;

/* Layout of the file; test/support/recorder.ts reads it. */
struct header {
    char magic[8]; /* "GILREC01" */
    uint32_t pid, slot_count, gil_count, lost_slots;
    uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0: not seen */
    uint32_t forced_unsure;    /* forced releases were told by their timing */
};

/* WANTING: made to release, and not seen to ask again, which it does not where it ends at once instead. */
enum { OFF = 0, WAITING = 1, HOLDING = 2, WANTING = 3 };

struct slot {
    uint32_t tid, gil, state, next;
    uint64_t since_ns; /* start of the state that goes on */
    uint64_t acquires, contended, forced;
    uint64_t wait_ns, hold_ns, max_wait_ns, max_hold_ns;
    uint64_t aborted;      /* asked, and left without it */
    uint64_t quick_forced; /* forced by the unwinder, and quick */
    uint64_t unwound_own;  /* of its own accord by the unwinder, with a waiter asleep */
    uint64_t quick_own;    /* the quick ones of these */
    uint64_t reserved[2];
};
_Static_assert(sizeof(struct slot) == 128, "the reader knows 128");

struct gil {
    uint32_t index;
    uint32_t waiters; /* asleep in timedwait; guarded by the GIL's own mutex */
};

enum role { MUTEX = 1, COND, SWITCH_MUTEX, SWITCH_COND };

struct entry {
    _Atomic uintptr_t address;
    enum role role;
    struct gil *gil;
};

static struct header *header;
static struct slot *slots;
static struct entry table[TABLE_SIZE];
static struct gil gils[TABLE_SIZE / 4];
static _Atomic uint32_t gil_count;
static int ignored; /* in a fork's child */

static FAST_TLS struct {
    struct gil *holds, *asks, *left; /* left: released, and not asked again yet */
    struct slot *slot;
    uint32_t first_slot;
    int granted, contended, waiter_asleep, in_switch;
    struct caller *caller; /* of a release of which it is not clear yet whether it was forced */
    enum forced forced;
    uint64_t last_hold_ns, asked_ns, acquired_ns, released_ns, drop_end_ns, switch_wait_ns;
    int init_step;
    uintptr_t init_mutex;
} self;

static int (*real_lock)(pthread_mutex_t *);
static int (*real_unlock)(pthread_mutex_t *);
static int (*real_mutex_init)(pthread_mutex_t *, const pthread_mutexattr_t *);
static int (*real_cond_init)(pthread_cond_t *, const pthread_condattr_t *);
static int (*real_signal)(pthread_cond_t *);
static int (*real_wait)(pthread_cond_t *, pthread_mutex_t *);
static int (*real_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);

static void *next_symbol(const char *name, const char *version)
{
    /* glibc has two kinds of condition; the older would corrupt the newer. */
    void *found = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    if (!found)
        found = dlsym(RTLD_NEXT, name);
    if (!found)
        abort();
    return found;
}

static void resolve(void)
{
#if defined(__x86_64__)
    const char *cond_version = "GLIBC_2.3.2";
#else
    const char *cond_version = NULL;
#endif
    real_unlock = (int (*)(pthread_mutex_t *))next_symbol("pthread_mutex_unlock", NULL);
    real_mutex_init = (int (*)(pthread_mutex_t *, const pthread_mutexattr_t *))next_symbol(
        "pthread_mutex_init", NULL);
    real_cond_init = (int (*)(pthread_cond_t *, const pthread_condattr_t *))next_symbol(
        "pthread_cond_init", cond_version);
    real_signal = (int (*)(pthread_cond_t *))next_symbol("pthread_cond_signal", cond_version);
    real_wait = (int (*)(pthread_cond_t *, pthread_mutex_t *))next_symbol("pthread_cond_wait",
                                                                          cond_version);
    real_timedwait =
        (int (*)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *))next_symbol(
            "pthread_cond_timedwait", cond_version);
    real_lock = (int (*)(pthread_mutex_t *))next_symbol("pthread_mutex_lock", NULL);
}

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* ── GILs and slots ───────────────────────────────────────────────────────────────────────────────────────────── */

/* No address of a mutex: of an entry that is being written. */
#define CLAIMED ((uintptr_t)1)

static struct entry *look_up(const void *object)
{
    uintptr_t address = (uintptr_t)object;
    for (size_t i = (address >> 3) * 2654435761u % TABLE_SIZE;; i = (i + 1) % TABLE_SIZE) {
        uintptr_t found = atomic_load_explicit(&table[i].address, memory_order_acquire);
        if (found == address)
            return &table[i];
        if (!found)
            return NULL;
    }
}

static void remember(uintptr_t address, enum role role, struct gil *gil)
{
    for (size_t i = (address >> 3) * 2654435761u % TABLE_SIZE;; i = (i + 1) % TABLE_SIZE) {
        uintptr_t found = 0;
        /* Two threads may create GILs at once. */
        if (!atomic_compare_exchange_strong(&table[i].address, &found, CLAIMED) && found != address)
            continue;
        table[i].role = role;
        table[i].gil = gil;
        atomic_store_explicit(&table[i].address, address, memory_order_release);
        return;
    }
}

#ifndef GIL_RECORDER_VARIABLE
#define GIL_RECORDER_VARIABLE                                                                      \
    "GIL_RECORDER_DIR" /* a second recorder beside the first has its own */
#endif

static void open_file(void)
{
    const char *folder = getenv(GIL_RECORDER_VARIABLE);
    if (!folder || header)
        return;
    char path[4096];
    snprintf(path, sizeof path, "%s/%d.rec", folder, (int)getpid());
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    size_t bytes = HEADER_BYTES + (size_t)SLOT_CAPACITY * sizeof(struct slot);
    void *map = MAP_FAILED;
    if (ftruncate(file, (off_t)bytes) == 0)
        map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (map == MAP_FAILED)
        return;
    struct header *made = map;
    memcpy(made->magic, "GILREC01", 8);
    made->pid = (uint32_t)getpid();
    made->start_ns = now_ns();
    made->forced_unsure = forced_release_is_unsure();
    slots = (struct slot *)((char *)map + HEADER_BYTES);
    header = made;
}

/* An own GIL of a sub-interpreter may lie where an earlier one was: it is a new GIL all the same. */
static void gil_created(uintptr_t mutex)
{
    if (ignored)
        return;
    forced_release_find_python();
    open_file();
    if (!header)
        return;
    uint32_t index = atomic_fetch_add(&gil_count, 1);
    if (index >= sizeof gils / sizeof *gils)
        return;
    header->gil_count = index + 1;
    gils[index].index = index;
    remember(mutex + 88, SWITCH_MUTEX, &gils[index]);
    remember(mutex - 48, COND, &gils[index]);
    remember(mutex + 40, SWITCH_COND, &gils[index]);
    remember(mutex, MUTEX, &gils[index]);
}

static struct slot *slot_of(struct gil *gil)
{
    static struct slot spill;
    if (self.slot && self.slot->gil == gil->index)
        return self.slot;
    for (uint32_t i = self.first_slot; i; i = slots[i - 1].next)
        if (slots[i - 1].gil == gil->index)
            return self.slot = &slots[i - 1];
    uint32_t index = __atomic_fetch_add(&header->slot_count, 1, __ATOMIC_RELAXED);
    if (index >= SLOT_CAPACITY) {
        __atomic_fetch_add(&header->lost_slots, 1, __ATOMIC_RELAXED);
        return &spill;
    }
    struct slot *slot = &slots[index];
    slot->tid = (uint32_t)syscall(SYS_gettid);
    slot->gil = gil->index;
    slot->next = self.first_slot;
    self.first_slot = index + 1;
    return self.slot = slot;
}

static void set_state(struct slot *slot, uint32_t state, uint64_t since_ns)
{
    slot->since_ns = since_ns;
    slot->state = state;
}

/* ── Events ───────────────────────────────────────────────────────────────────────────────────────────────────── */

static void count_forced(struct slot *slot, uint64_t gap_ns)
{
    if (self.caller && self.waiter_asleep &&
        forced_release_clear_up(self.caller, self.last_hold_ns, gap_ns) == FORCED &&
        self.forced != FORCED) {
        /* What it waited in wait(SC) is part of the wait from the release on. */
        slot->wait_ns -= self.switch_wait_ns;
        self.forced = FORCED;
        slot->forced++;
    }
    if (self.forced == FORCED) {
        slot->quick_forced += gap_ns < QUICK_NS;
    } else if (self.waiter_asleep) {
        slot->unwound_own++;
        slot->quick_own += gap_ns < QUICK_NS;
    }
}

static void asked(struct gil *gil)
{
    uint64_t now = now_ns();
    struct slot *slot = slot_of(gil);
    self.asks = gil;
    self.granted = self.contended = 0;
    self.asked_ns = now;
    if (self.left == gil) {
        count_forced(slot, now - self.drop_end_ns);
        if (self.forced == FORCED)
            self.asked_ns = self.released_ns;
    }
    self.left = NULL;
    set_state(slot, WAITING, self.asked_ns);
}

static void add_wait(struct slot *slot, uint64_t wait_ns)
{
    slot->wait_ns += wait_ns;
    if (wait_ns > slot->max_wait_ns)
        slot->max_wait_ns = wait_ns;
}

static void acquired(struct gil *gil)
{
    uint64_t now = now_ns();
    struct slot *slot = slot_of(gil);
    gil->waiters -= (uint32_t)self.contended;
    self.granted = 1;
    self.holds = gil;
    self.acquired_ns = now;
    slot->acquires++;
    slot->contended += (uint64_t)self.contended;
    add_wait(slot, now - self.asked_ns);
    set_state(slot, HOLDING, now);
}

/* It sleeps for the GIL; M is held. */
static void sleeps(struct gil *gil)
{
    gil->waiters += !self.contended;
    self.contended = 1;
}

/* M is about to be given up after a take. */
static void asking_ends(struct gil *gil)
{
    if (!self.granted) {
        struct slot *slot = slot_of(gil);
        gil->waiters -= (uint32_t)self.contended;
        slot->aborted++;
        set_state(slot, OFF, now_ns());
    }
    self.asks = NULL;
}

static void released(struct gil *gil)
{
    uint64_t now = now_ns();
    struct slot *slot = slot_of(gil);
    uint64_t hold = now - self.acquired_ns;
    self.last_hold_ns = hold;
    slot->hold_ns += hold;
    if (hold > slot->max_hold_ns)
        slot->max_hold_ns = hold;
    set_state(slot, OFF, now);
    self.holds = NULL;
    self.left = gil;
    self.released_ns = self.drop_end_ns = now;
    self.switch_wait_ns = 0;
    self.forced = OWN_ACCORD;
    self.waiter_asleep = gil->waiters > 0;
}

/* M or SM was given up in a drop. */
static void drop_goes_on(struct entry *entry)
{
    if (entry->role == MUTEX && self.waiter_asleep) {
        self.forced = forced_release_unwind(&self.caller);
        if (self.forced == FORCED) {
            slot_of(entry->gil)->forced++;
            set_state(slot_of(entry->gil), WANTING, self.released_ns);
        }
    }
    self.in_switch = 0;
    self.drop_end_ns = now_ns();
}

static void switched(struct gil *gil)
{
    self.switch_wait_ns = now_ns() - self.released_ns;
    if (self.forced != FORCED)
        add_wait(slot_of(gil), self.switch_wait_ns);
}

/* ── The calls ────────────────────────────────────────────────────────────────────────────────────────────────── */

EXPORT int pthread_mutex_lock(pthread_mutex_t *mutex)
{
    if (!real_lock)
        resolve();
    struct entry *entry = header && !ignored ? look_up(mutex) : NULL;
    if (entry) {
        int saved = errno;
        if (entry->role == MUTEX && self.holds != entry->gil) {
            asked(entry->gil);
        } else if (entry->role == SWITCH_MUTEX && self.left == entry->gil) {
            self.in_switch = 1;
        }
        errno = saved;
    }
    return real_lock(mutex);
}

EXPORT int pthread_mutex_unlock(pthread_mutex_t *mutex)
{
    if (!real_lock)
        resolve();
    struct entry *entry = header && !ignored ? look_up(mutex) : NULL;
    int taking = entry && entry->role == MUTEX && self.asks == entry->gil;
    if (taking)
        asking_ends(entry->gil);
    int result = real_unlock(mutex);
    if (entry && !taking && self.left == entry->gil) {
        int saved = errno;
        drop_goes_on(entry);
        errno = saved;
    }
    return result;
}

EXPORT int pthread_cond_signal(pthread_cond_t *cond)
{
    if (!real_lock)
        resolve();
    struct entry *entry = header && !ignored ? look_up(cond) : NULL;
    if (entry) {
        if (entry->role == COND && self.holds == entry->gil)
            released(entry->gil);
        else if (entry->role == SWITCH_COND && self.asks == entry->gil)
            acquired(entry->gil);
    }
    return real_signal(cond);
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *cond, pthread_mutex_t *mutex,
                                  const struct timespec *until)
{
    if (!real_lock)
        resolve();
    struct entry *entry = header && !ignored ? look_up(cond) : NULL;
    if (entry && entry->role == COND && self.asks == entry->gil)
        sleeps(entry->gil);
    return real_timedwait(cond, mutex, until);
}

EXPORT int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
    if (!real_lock)
        resolve();
    int result = real_wait(cond, mutex);
    struct entry *entry = header && !ignored ? look_up(cond) : NULL;
    if (entry && entry->role == SWITCH_COND && self.in_switch)
        switched(entry->gil);
    return result;
}

EXPORT int pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    if (!real_lock)
        resolve();
    uintptr_t at = (uintptr_t)mutex;
    if (self.init_step == 1 && at == self.init_mutex + 88) {
        self.init_step = 2;
    } else {
        self.init_step = 1;
        self.init_mutex = at;
    }
    return real_mutex_init(mutex, attributes);
}

EXPORT int pthread_cond_init(pthread_cond_t *cond, const pthread_condattr_t *attributes)
{
    if (!real_lock)
        resolve();
    uintptr_t at = (uintptr_t)cond;
    int result = real_cond_init(cond, attributes);
    if (self.init_step == 2 && at == self.init_mutex - 48) {
        self.init_step = 3;
    } else {
        if (self.init_step == 3 && at == self.init_mutex + 40)
            gil_created(self.init_mutex);
        self.init_step = 0;
    }
    return result;
}

/* ── The process ──────────────────────────────────────────────────────────────────────────────────────────────── */

static void in_fork_child(void)
{
    ignored = 1;
}

static void ended(void)
{
    if (header && !ignored && !header->end_ns)
        header->end_ns = now_ns();
}

__attribute__((constructor)) static void loaded(void)
{
    resolve();
    /* The unwinder sets itself up on first use; here nothing is held. */
    struct caller *nobody;
    forced_release_unwind(&nobody);
    pthread_atfork(NULL, NULL, in_fork_child);
}

__attribute__((destructor)) static void unloaded(void)
{
    ended();
}

EXPORT __attribute__((noreturn)) void _exit(int status)
{
    ended();
    for (;;)
        syscall(SYS_exit_group, status);
}
