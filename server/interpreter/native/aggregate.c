#include "aggregate.h"
#include "probe.h"

#define SLOTS (AGGREGATE_CHUNKS * AGGREGATES_PER_CHUNK)
#define MAX_PROBES 64u

static struct chunk_header *chunk_of(struct gil *gil, uint32_t n)
{
    if (gil->aggregates[n])
        return gil->aggregates[n];
    struct chunk_header *chunk = trace_file_take(&probe.file, BEYOND_FOR_TOTALS);
    if (!chunk)
        return NULL;
    chunk->kind = GILSCOPE_CHUNK_KIND_AGGREGATES;
    chunk->owner = gil->index;
    chunk->seq = gil->aggregate_seq++;
    atomic_store(&chunk->used, GILSCOPE_CHUNK_HEADER_BYTES +
                                   AGGREGATES_PER_CHUNK * GILSCOPE_AGGREGATE_ENTRY_BYTES);
    trace_file_publish(&probe.file, chunk);
    return gil->aggregates[n] = chunk;
}

static struct aggregate_entry *find(struct gil *gil, uint32_t thread, uint32_t stack)
{
    uint64_t h = ((uint64_t)thread << 32 | stack) * 0x9e3779b97f4a7c15u;
    uint32_t slot = (uint32_t)(h >> 33) % SLOTS;
    for (uint32_t i = 0; i < MAX_PROBES; i++, slot = (slot + 1) % SLOTS) {
        struct chunk_header *chunk = chunk_of(gil, slot / AGGREGATES_PER_CHUNK);
        if (!chunk)
            break;
        struct aggregate_entry *e =
            (struct aggregate_entry *)((uint8_t *)chunk + GILSCOPE_CHUNK_HEADER_BYTES) +
            slot % AGGREGATES_PER_CHUNK;
        if (e->thread == thread + 1 && e->stack == stack)
            return e;
        if (!e->thread) {
            e->stack = stack;
            e->thread = thread + 1;
            return e;
        }
    }
    trace_file_lose(&probe.file, GILSCOPE_LOST_AGGREGATE_TABLE_FULL);
    return NULL;
}

static void raise_to(uint64_t *most, uint64_t value)
{
    if (value > *most)
        *most = value;
}

void aggregate_cycle(struct gil *gil, struct thread *t, uint64_t now)
{
    uint64_t hold = now - t->acquired_ticks, wait = t->acquired_ticks - t->wait_start_ticks;
    if (t->hold_flags & GILSCOPE_CYCLE_FLAG_SWITCH_WAIT)
        wait += t->switch_end_ticks - t->released_ticks;
    uint32_t contended = (t->hold_flags & GILSCOPE_CYCLE_FLAG_CONTENDED) != 0;
    uint32_t forced = (t->hold_flags & GILSCOPE_CYCLE_FLAG_AFTER_FORCED) != 0;
    t->cpu.held_ticks += hold; /* where there is room again, it was not native time */
    struct thread_entry *total = t->entry;
    total->lost_acquires++;
    total->lost_contended += contended;
    total->lost_forced += forced;
    total->lost_hold_ticks += hold;
    total->lost_wait_ticks += wait;
    raise_to(&total->lost_max_hold_ticks, hold);
    raise_to(&total->lost_max_wait_ticks, wait);
    gil->entry->lost_cycles++;
    atomic_fetch_add(&probe.file.header->lost_events, 1);
    struct aggregate_entry *held = find(gil, t->index, t->release_stack);
    if (held) {
        held->acquires++;
        held->hold_ticks += hold;
        raise_to(&held->max_hold_ticks, hold);
    }
    bool unknown = t->hold_flags & GILSCOPE_CYCLE_FLAG_OTHER_STATE;
    struct aggregate_entry *waited = find(gil, t->index, unknown ? 0 : t->last_stack);
    if (waited) {
        waited->contended += contended;
        waited->forced += forced;
        waited->wait_ticks += wait;
        raise_to(&waited->max_wait_ticks, wait);
    }
}
