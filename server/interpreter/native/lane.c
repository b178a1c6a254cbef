#include "lane.h"
#include "busy.h"
#include "frames_test.h"
#include "lock_row.h"
#include "probe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Interpreters that are looked at, so that a list that changes under the look has an end. */
#define MAX_INTERPRETERS (2 * GILSCOPE_GIL_CAPACITY)

void lanes_open(void)
{
    struct lanes *lanes = &probe.lanes;
    if (!probe.layout.free_threaded)
        return;
    stream_open(&lanes->stream, &probe.file, GILSCOPE_CHUNK_KIND_LANE_STACKS, 0);
    lanes->has_memory = remote_memory_open(&lanes->memory);
    if (!lock_table_open(&lanes->locks, GILSCOPE_LANES, &probe.file.header->lane_lock_count))
        trace_file_lose(&probe.file, GILSCOPE_LOST_LOCK_TABLE_FULL);
}

void lanes_restart(void)
{
    struct lanes *lanes = &probe.lanes;
    if (!probe.layout.free_threaded)
        return;
    stack_table_close(&lanes->stacks);
    lock_table_close(&lanes->locks);
    remote_memory_close(&lanes->memory);
    memset(lanes, 0, sizeof *lanes);
    lanes_open();
}

struct remote_memory *lanes_memory(void)
{
    return probe.lanes.has_memory ? &probe.lanes.memory : NULL;
}

void lane_forget(struct lane *lane)
{
    if (lane->cache)
        memory_release(lane->cache, STACK_CACHE_BYTES);
    memset(lane, 0, sizeof *lane);
}

struct thread *lane_thread(void)
{
    if (!probe_is_active())
        return NULL;
    struct thread *t = thread_self;
    return t ? t : thread_attach();
}

uintptr_t lane_own_state(void)
{
    return probe.api.own_state ? (uintptr_t)probe.api.own_state() : 0;
}

/* Tries the first stacks, until it is known whether they can be read. */
static __attribute__((noinline)) bool make_stacks(uintptr_t state)
{
    struct lanes *lanes = &probe.lanes;
    if (atomic_load(&lanes->no_stacks))
        return false;
    int error = errno;
    busy_enter(&lanes->busy);
    if (!atomic_load(&lanes->has_stacks) && !atomic_load(&lanes->no_stacks) &&
        frames_are_sound(state)) {
        struct memory direct = {0};
        if (stack_table_open(&lanes->stacks, &probe.layout, &lanes->stream, direct, false))
            atomic_store_explicit(&lanes->has_stacks, true, memory_order_release);
        else {
            atomic_store(&lanes->no_stacks, true);
            trace_file_lose(&probe.file, GILSCOPE_LOST_STACK_TABLE_FULL);
        }
    }
    busy_leave(&lanes->busy);
    errno = error;
    return atomic_load(&lanes->has_stacks);
}

uint32_t lane_own_stack(struct thread *t)
{
    struct lanes *lanes = &probe.lanes;
    uintptr_t state = lane_own_state();
    if (!state)
        return 0;
    if (!atomic_load_explicit(&lanes->has_stacks, memory_order_acquire) && !make_stacks(state))
        return 0;
    if (!t->lane.cache) {
        int error = errno;
        t->lane.cache = memory_reserve(STACK_CACHE_BYTES);
        errno = error;
        if (!t->lane.cache)
            return 0;
    }
    return stack_of_own_frames(&lanes->stacks, t->lane.cache, &lanes->busy, state);
}

void lane_write(struct thread *t, struct lock *l, const struct lock_row *row)
{
    struct stream *stream = &t->lane.stream;
    if (!stream->file)
        stream_open(stream, &probe.file, GILSCOPE_CHUNK_KIND_LANE, t->number);
    if (!lock_row_write(stream, l, row))
        __atomic_fetch_add(&l->entry->lost_rows, 1, __ATOMIC_RELAXED);
}

/* The live GIL that lies in an interpreter, or null. */
static const struct gil *gil_in(uintptr_t interpreter)
{
    uint32_t count = atomic_load_explicit(&probe.gil_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++)
        if (probe.gils[i].live &&
            (uintptr_t)probe.gils[i].cond - interpreter < probe.layout.interpreter_bytes)
            return &probe.gils[i];
    return NULL;
}

/*
 * Interpreters may be freed at any moment, and nothing tells of the end of their GILs: the list of those that are there is
 * read as memory that may go away.
 */
static bool gil_is_enabled(struct remote_memory *memory)
{
    const struct layout *l = &probe.layout;
    if (!memory || !l->interpreters) /* the first GIL is the main one's, which is never freed */
        return atomic_load(&probe.gil_count) && gil_is_permanent(&probe.gils[0]);
    uintptr_t interpreter = 0, at = (uintptr_t)probe.runtime + l->interpreters;
    for (uint32_t n = 0; n < MAX_INTERPRETERS; n++, at = interpreter + l->next_interpreter) {
        if (!remote_memory_read(memory, at, &interpreter, sizeof interpreter) || !interpreter)
            return false;
        const struct gil *gil = gil_in(interpreter);
        int enabled = 0;
        if (gil &&
            remote_memory_read(memory, (uintptr_t)gil_enabled(gil), &enabled, sizeof enabled) &&
            enabled == INT_MAX)
            return true;
    }
    return false;
}

void lanes_watch_gil(struct remote_memory *memory)
{
    struct lanes *lanes = &probe.lanes;
    if (!probe.layout.free_threaded || atomic_load(&lanes->gil_seen_enabled) ||
        !gil_is_enabled(memory) || atomic_exchange(&lanes->gil_seen_enabled, true))
        return;
    char text[sizeof lanes->importing + 24];
    uint64_t now = clock_ticks(probe.clock);
    busy_enter(&lanes->import_busy);
    snprintf(text, sizeof text, "%llu %s", (unsigned long long)now, lanes->importing);
    busy_leave(&lanes->import_busy);
    atomic_fetch_or(&probe.file.header->flags, GILSCOPE_PROCESS_FLAG_GIL_ENABLED);
    probe_put_meta(GILSCOPE_META_GIL_SWITCHED_ON, text);
}

void lanes_note_import(const char *symbol)
{
    static const char PREFIX[] = "PyInit_";
    struct lanes *lanes = &probe.lanes;
    if (!probe.layout.free_threaded || !probe_is_active() ||
        strncmp(symbol, PREFIX, sizeof PREFIX - 1) != 0)
        return;
    lanes_watch_gil(lanes_memory()); /* the one before may have switched it on */
    busy_enter(&lanes->import_busy);
    snprintf(lanes->importing, sizeof lanes->importing, "%s", symbol + sizeof PREFIX - 1);
    busy_leave(&lanes->import_busy);
}
