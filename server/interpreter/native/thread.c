#include "thread.h"
#include "probe.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define THREADS_PER_BLOCK 64u
#define SPARE_ENTRIES 64u
/* How long a thread waits for another that makes room and has lost its core; or that it has itself interrupted, by a signal. */
#define LONGEST_ROOM_WAIT_NS 200000000u

__thread struct thread *thread_self __attribute__((tls_model("initial-exec")));

static uint32_t current_tid(void)
{
    return (uint32_t)syscall(SYS_gettid);
}

static struct thread *claim_thread(void)
{
    uint32_t blocks = atomic_load_explicit(&probe.thread_blocks, memory_order_acquire);
    uint32_t hint = atomic_load_explicit(&probe.thread_hint, memory_order_relaxed);
    for (uint32_t i = 0; i < blocks * THREADS_PER_BLOCK; i++) {
        uint32_t n = (hint + i) % (blocks * THREADS_PER_BLOCK);
        struct thread *t = &probe.threads[n / THREADS_PER_BLOCK][n % THREADS_PER_BLOCK];
        uint32_t free = 0;
        if (atomic_load_explicit(&t->taken, memory_order_relaxed) == 0 &&
            atomic_compare_exchange_strong(&t->taken, &free, 1)) {
            atomic_store_explicit(&probe.thread_hint, n + 1, memory_order_relaxed);
            t->number = n;
            return t;
        }
    }
    return NULL;
}

static bool add_block(void)
{
    uint32_t blocks = atomic_load(&probe.thread_blocks);
    if (blocks == MAX_THREAD_BLOCKS)
        return false;
    void *block = memory_reserve(THREADS_PER_BLOCK * sizeof(struct thread));
    if (!block)
        return false;
    probe.threads[blocks] = block;
    atomic_store_explicit(&probe.thread_blocks, blocks + 1, memory_order_release);
    return true;
}

/* Called with thread_lock held. */
static bool add_entries(void)
{
    uint32_t seq = atomic_load(&probe.entry_chunks);
    if (seq == MAX_ENTRY_CHUNKS)
        return false;
    struct chunk_header *chunk = trace_file_take(&probe.file, BEYOND_FOR_THREADS);
    if (!chunk)
        return false;
    chunk->kind = GILSCOPE_CHUNK_KIND_THREADS;
    chunk->owner = 0;
    chunk->seq = seq;
    atomic_store(&chunk->used, GILSCOPE_CHUNK_HEADER_BYTES +
                                   GILSCOPE_THREADS_PER_CHUNK * GILSCOPE_THREAD_ENTRY_BYTES);
    trace_file_publish(&probe.file, chunk);
    probe.entries[seq] = (struct thread_entry *)((uint8_t *)chunk + GILSCOPE_CHUNK_HEADER_BYTES);
    atomic_store_explicit(&probe.entry_chunks, seq + 1, memory_order_release);
    return true;
}

static uint32_t entry_capacity(void)
{
    return atomic_load_explicit(&probe.entry_chunks, memory_order_acquire) *
           GILSCOPE_THREADS_PER_CHUNK;
}

/* The next entry of the trace, or null. */
static struct thread_entry *claim_entry(uint32_t *index)
{
    uint32_t n = atomic_load(&probe.file.header->thread_count);
    do {
        if (n >= entry_capacity())
            return NULL;
    } while (!atomic_compare_exchange_weak(&probe.file.header->thread_count, &n, n + 1));
    *index = n;
    return &probe.entries[n / GILSCOPE_THREADS_PER_CHUNK][n % GILSCOPE_THREADS_PER_CHUNK];
}

static struct thread *claim(void)
{
    struct thread *t = claim_thread();
    if (!t)
        return NULL;
    uint32_t index;
    struct thread_entry *entry = claim_entry(&index);
    if (!entry) {
        atomic_store(&t->taken, 0);
        return NULL;
    }
    size_t keep = offsetof(struct thread, taken);
    memset(t, 0, keep);
    t->index = index;
    t->entry = entry;
    return t;
}

void thread_rename(struct thread *thread, const char *name)
{
    size_t n = strnlen(name, GILSCOPE_THREAD_NAME_BYTES - 1);
    while (n > 0 && n == GILSCOPE_THREAD_NAME_BYTES - 1 && ((uint8_t)name[n] & 0xc0) == 0x80)
        n--; /* not in the middle of a character */
    memcpy(thread->entry->name, name, n);
    thread->entry->name[n] = 0;
}

void thread_begin(struct thread *t)
{
    t->entry->tid = current_tid();
    t->entry->start_ticks = clock_ticks(probe.clock);
    atomic_signal_fence(memory_order_release);
    t->entry->state = 1;
    t->id = (uintptr_t)pthread_self();
    thread_self = t;
    pthread_setspecific(probe.thread_key, t);
}

struct thread *thread_of_id(uintptr_t id)
{
    uint32_t blocks = atomic_load_explicit(&probe.thread_blocks, memory_order_acquire);
    for (uint32_t i = 0; id && i < blocks * THREADS_PER_BLOCK; i++) {
        struct thread *t = &probe.threads[i / THREADS_PER_BLOCK][i % THREADS_PER_BLOCK];
        if (atomic_load_explicit(&t->taken, memory_order_relaxed) && t->id == id)
            return t;
    }
    return NULL;
}

/* Called with thread_lock held. False: there is no more to be had. */
static bool add_room(void)
{
    bool can = true;
    if (entry_capacity() < atomic_load(&probe.file.header->thread_count) + SPARE_ENTRIES)
        can = add_entries();
    uint32_t in_use = 0, blocks = atomic_load(&probe.thread_blocks);
    if (blocks)
        for (uint32_t i = 0; i < THREADS_PER_BLOCK; i++)
            in_use += atomic_load(&probe.threads[blocks - 1][i].taken) != 0;
    if (!blocks || in_use > THREADS_PER_BLOCK / 2)
        can = add_block() && can;
    atomic_flag_clear(&probe.thread_lock);
    return can;
}

/* Not in a hook that is often run. No pthread mutex: the probe's own thread may be a bare one. */
static void make_room(void)
{
    while (atomic_flag_test_and_set(&probe.thread_lock))
        sched_yield();
    add_room();
}

/* More threads came at once than the probe's own thread had room for; and others may take what is made. */
static __attribute__((noinline)) struct thread *claim_made_room(void)
{
    struct thread *t = NULL;
    int error = errno;
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    for (bool can = true; !t && can; t = claim()) {
        if (!atomic_flag_test_and_set(&probe.thread_lock)) {
            can = add_room();
        } else {
            sched_yield();
            can = clock_ns(CLOCK_MONOTONIC) - begun_ns <= LONGEST_ROOM_WAIT_NS;
        }
    }
    errno = error;
    return t;
}

struct thread *thread_attach(void)
{
    struct thread *t = claim();
    if (!t)
        t = claim_made_room();
    if (t)
        thread_begin(t);
    else
        trace_file_lose(&probe.file, GILSCOPE_LOST_THREAD_TABLE_FULL);
    return t;
}

void thread_table_prepare(void)
{
    make_room();
}

struct thread *thread_prepare(const char *name)
{
    make_room();
    struct thread *t = claim();
    if (t && name)
        thread_rename(t, name);
    return t;
}

/* Runs at the end of each thread, also after pthread_exit. */
static void end_thread(void *value)
{
    struct thread *t = value;
    if (t != thread_self)
        return;
    thread_self = NULL;
    if (probe_is_active()) {
        t->entry->end_ticks = clock_ticks(probe.clock);
        t->entry->state = 2;
    }
    atomic_store_explicit(&t->taken, 0, memory_order_release);
}

bool thread_table_open(void)
{
    if (pthread_key_create(&probe.thread_key, end_thread) != 0)
        return false;
    make_room();
    return entry_capacity() > 0 && atomic_load(&probe.thread_blocks) > 0;
}

void thread_table_restart(void)
{
    atomic_flag_clear(&probe.thread_lock);
    for (uint32_t b = 0; b < atomic_load(&probe.thread_blocks); b++)
        for (uint32_t i = 0; i < THREADS_PER_BLOCK; i++) {
            lane_forget(&probe.threads[b][i].lane);
            atomic_store(&probe.threads[b][i].taken, 0);
        }
    atomic_store(&probe.entry_chunks, 0);
    make_room();
    struct thread *t = thread_attach();
    if (t && probe.had_thread)
        thread_rename(t, probe.forking_name);
}
