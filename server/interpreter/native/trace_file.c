#include "trace_file.h"

/* Of the chunks that are ready: where the disk is full, the totals still need room. */
#define KEPT_FOR_TOTALS 20u

struct chunk_header *trace_file_take(struct trace_file *file, uint32_t beyond)
{
    uint32_t index = atomic_load_explicit(&file->taken, memory_order_relaxed);
    do {
        if (index >= file->bound_chunks + beyond) {
            trace_file_lose(file, GILSCOPE_LOST_BOUNDED);
            return NULL;
        }
        uint32_t kept = beyond ? 0 : KEPT_FOR_TOTALS;
        if (index + kept >= atomic_load_explicit(&file->ready, memory_order_acquire)) {
            uint32_t lacks = atomic_load_explicit(&file->growth_lacks, memory_order_relaxed);
            trace_file_lose(file, lacks ? lacks : GILSCOPE_LOST_NO_ROOM);
            return NULL;
        }
    } while (!atomic_compare_exchange_weak(&file->taken, &index, index + 1));
    uint8_t *segment = file->segments[index / CHUNKS_PER_SEGMENT];
    size_t offset = (size_t)(index % CHUNKS_PER_SEGMENT) * GILSCOPE_CHUNK_BYTES;
    return (struct chunk_header *)(segment + offset);
}

void trace_file_publish(struct trace_file *file, struct chunk_header *chunk)
{
    atomic_store_explicit(&chunk->magic, GILSCOPE_CHUNK_MAGIC, memory_order_release);
    atomic_fetch_add(&file->header->chunk_count, 1);
}

bool trace_file_is_bounded(const struct trace_file *file)
{
    return atomic_load_explicit(&file->taken, memory_order_relaxed) >= file->bound_chunks;
}

void trace_file_lose(struct trace_file *file, uint32_t reason)
{
    if (!(atomic_load_explicit(&file->header->lost_reasons, memory_order_relaxed) & reason))
        atomic_fetch_or(&file->header->lost_reasons, reason);
}

void trace_file_put_anchor(struct trace_file *file, struct clock_anchor now, bool is_far)
{
    struct trace_header *h = file->header;
    /* First: until it is there the latest tells the rate, and a kill may come between its two halves. */
    if (is_far && !h->anchor1_ticks) {
        h->anchor1_ns = now.ns;
        __atomic_store_n(&h->anchor1_ticks, now.ticks, __ATOMIC_RELEASE);
    }
    h->anchor_latest_ns = now.ns;
    __atomic_store_n(&h->anchor_latest_ticks, now.ticks, __ATOMIC_RELEASE);
}
