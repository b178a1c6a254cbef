/* The GILs of the process, recognised when CPython creates them (create_gil in Python/ceval_gil.c, .h before 3.13). */
#ifndef GILSCOPE_GIL_H
#define GILSCOPE_GIL_H

#include "lock_table.h"
#include "stacks.h"
#include "unwind.h"
#include "work_items.h"

#include <limits.h>

#define AGGREGATE_CHUNKS 16u
#define AGGREGATES_PER_CHUNK                                                                       \
    ((GILSCOPE_CHUNK_BYTES - GILSCOPE_CHUNK_HEADER_BYTES) / GILSCOPE_AGGREGATE_ENTRY_BYTES)

struct gil {
    /* The first three cache lines are what a cycle touches. */
    _Alignas(CACHE_LINE_BYTES) const void *mutex;
    const void *cond, *switch_cond, *switch_mutex;
    struct gil_entry *entry;
    uint64_t asked_ticks; /* when a waiter first asked for the end of this hold; 0: none has */
    /* For the sampler: odd while held, and then by whom. */
    _Atomic uint64_t seq;
    _Atomic uintptr_t holder_state;
    struct stream stream;
    _Atomic uint32_t holder_thread;
    bool live;
    bool no_stacks;   /* there is no memory for a table of them */
    bool totals_only; /* the trace is at its bound */
    uint32_t index;
    struct stack_table stacks;
    struct lock_table locks;
    struct work_table works;
    struct unwind_known unwound; /* below forced releases */
    struct chunk_header *aggregates[AGGREGATE_CHUNKS];
    uint32_t aggregate_seq;
};

/* `last_holder`, just before the cond in every version (struct _gil_runtime_state, Include/internal/pycore_gil.h). */
static inline uintptr_t gil_last_holder(const struct gil *gil)
{
    return ((const uintptr_t *)gil->cond)[-3];
}

/*
 * Free-threaded builds: whether it is on for good. `enabled` is before the interval there; it counts the imports that have
 * the GIL switched on for themselves (Include/internal/pycore_gil.h).
 */
static inline const volatile int *gil_enabled(const struct gil *gil)
{
    return (const volatile int *)gil->cond - 10;
}

static inline bool gil_is_permanent(const struct gil *gil)
{
    return *gil_enabled(gil) == INT_MAX;
}

/* The live GIL with this mutex, or null. */
struct gil *gil_of_mutex(const void *mutex);

/*
 * Takes note of an initialised mutex or cond; four in the order of create_gil are a GIL. Also sees the ones that a
 * forked child initialises again, at their old addresses.
 */
void gil_note_mutex_init(const void *mutex);
void gil_note_cond_init(const void *cond);

/* Makes room for the stacks of a GIL, once frames can be read. The GIL is held. */
void gil_open_stacks(struct gil *gil);

/* Gives every GIL an empty stream in a new trace, in a forked child. */
void gil_table_restart(void);

#endif
