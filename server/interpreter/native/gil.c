#include "gil.h"
#include "probe.h"

struct gil *gil_of_mutex(const void *mutex)
{
    uint32_t count = atomic_load_explicit(&probe.gil_count, memory_order_acquire);
    for (uint32_t i = 0; i < count; i++)
        if (probe.gils[i].mutex == mutex && probe.gils[i].live)
            return &probe.gils[i];
    return NULL;
}

void gil_open_stacks(struct gil *gil)
{
    struct memory direct = {0};
    /* Without room for tables the events still count, without stacks. */
    if (gil->no_stacks || stack_table_open(&gil->stacks, &probe.layout, &gil->stream, direct, true))
        return;
    gil->no_stacks = true;
    trace_file_lose(&probe.file, GILSCOPE_LOST_STACK_TABLE_FULL);
}

static void open_gil(struct gil *gil)
{
    gil->entry = &probe.file.gils[gil->index];
    gil->entry->interpreter = -1;
    gil->entry->state = 1;
    stream_open(&gil->stream, &probe.file, GILSCOPE_CHUNK_KIND_GIL, gil->index);
    gil->stream.base_ticks = clock_ticks(probe.clock);
    if (atomic_load(&probe.frames) == GILSCOPE_FRAMES_RECORDED)
        gil_open_stacks(gil);
    work_table_open(&gil->works);
    /* Without a GIL for good the locks are those of the lanes, also while there is one for once. */
    if (!probe.layout.free_threaded &&
        !lock_table_open(&gil->locks, gil->index, &gil->entry->lock_count))
        trace_file_lose(&probe.file, GILSCOPE_LOST_LOCK_TABLE_FULL);
}

/* They take some 90 MB of address space. */
static void close_tables(struct gil *gil)
{
    stack_table_close(&gil->stacks);
    lock_table_close(&gil->locks);
    work_table_close(&gil->works);
}

static void create(const void *mutex, const void *cond, const void *switch_mutex,
                   const void *switch_cond)
{
    struct gil *gil = gil_of_mutex(mutex);
    if (gil) { /* its memory was used again: another GIL */
        gil->live = false;
        gil->mutex = NULL; /* a thread that had it last does not know the new one yet */
        gil->entry->state = 2;
        close_tables(gil);
    }
    uint32_t index = atomic_fetch_add(&probe.gil_next, 1);
    if (index >= GILSCOPE_GIL_CAPACITY) {
        trace_file_lose(&probe.file, GILSCOPE_LOST_GIL_TABLE_FULL);
        return;
    }
    gil = &probe.gils[index];
    memset(gil, 0, sizeof *gil);
    gil->index = index;
    gil->mutex = mutex;
    gil->cond = cond;
    gil->switch_mutex = switch_mutex;
    gil->switch_cond = switch_cond;
    open_gil(gil);
    gil->live = true;
    uint32_t seen =
        index; /* in the order of creation, so that all entries below the count are there */
    while (!atomic_compare_exchange_weak(&probe.gil_count, &seen, index + 1))
        seen = index;
    atomic_store(&probe.file.header->gil_count, index + 1);
    uint32_t flags = GILSCOPE_PROCESS_FLAG_GIL_SEEN;
    if (probe.layout.free_threaded &&
        gil_is_permanent(gil)) { /* as asked by PYTHON_GIL or -X gil */
        flags |= GILSCOPE_PROCESS_FLAG_GIL_ENABLED;
        atomic_store(&probe.lanes.gil_seen_enabled, true);
    }
    atomic_fetch_or(&probe.file.header->flags, flags);
}

/* create_gil: MUTEX_INIT(mutex) MUTEX_INIT(switch_mutex) COND_INIT(cond) COND_INIT(switch_cond), members of one struct. */
static __thread struct {
    const char *mutex, *switch_mutex, *cond;
} pattern;

static bool is_near(const char *low, const char *high)
{
    return high > low && high - low <= 256;
}

void gil_note_mutex_init(const void *mutex)
{
    if (pattern.mutex && !pattern.switch_mutex && is_near(pattern.mutex, mutex))
        pattern.switch_mutex = mutex;
    else {
        pattern.mutex = mutex;
        pattern.switch_mutex = NULL;
    }
    pattern.cond = NULL;
}

void gil_note_cond_init(const void *cond)
{
    const char *c = cond;
    if (pattern.switch_mutex && !pattern.cond && is_near(c, pattern.mutex)) {
        pattern.cond = c;
        return;
    }
    if (pattern.cond && is_near(pattern.mutex, c) && is_near(c, pattern.switch_mutex))
        create(pattern.mutex, pattern.cond, pattern.switch_mutex, c);
    pattern.mutex = pattern.switch_mutex = pattern.cond = NULL;
}

void gil_table_restart(void)
{
    uint32_t count = atomic_load(&probe.gil_count);
    for (uint32_t i = 0; i < count; i++)
        if (probe.gils[i].live)
            close_tables(&probe.gils[i]);
    atomic_store(&probe.gil_count, 0);
    atomic_store(&probe.gil_next, 0);
}
