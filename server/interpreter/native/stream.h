/* One writer's sequence of chunks. */
#ifndef GILSCOPE_STREAM_H
#define GILSCOPE_STREAM_H

#include "trace_file.h"

struct stream {
    uint8_t *cursor, *limit;
    struct chunk_header *chunk;
    uint64_t base_ticks; /* end of the last cycle */
    uint32_t thread;     /* of the last cycle */
    uint32_t kind, owner, next_seq;
    struct trace_file *file;
};

void stream_open(struct stream *stream, struct trace_file *file, uint32_t kind, uint32_t owner);

/* The next chunk, or null. `beyond`: see trace_file_take(). */
uint8_t *stream_next_chunk(struct stream *stream, uint32_t beyond);

/* Room for `bytes` at the cursor, or null. `bytes` is far below a chunk. */
static inline uint8_t *stream_room(struct stream *stream, size_t bytes, uint32_t beyond)
{
    if (__builtin_expect((size_t)(stream->limit - stream->cursor) >= bytes, 1))
        return stream->cursor;
    return stream_next_chunk(stream, beyond);
}

/* Publishes what was written from the cursor up to `end`. */
static inline void stream_commit(struct stream *stream, uint8_t *end)
{
    stream->cursor = end;
    atomic_store_explicit(&stream->chunk->used, (uint32_t)(end - (uint8_t *)stream->chunk),
                          memory_order_release);
}

static inline uint8_t *put_u16(uint8_t *p, uint16_t v)
{
    __builtin_memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline uint8_t *put_u32(uint8_t *p, uint32_t v)
{
    __builtin_memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

static inline uint8_t *put_u64(uint8_t *p, uint64_t v)
{
    __builtin_memcpy(p, &v, sizeof v);
    return p + sizeof v;
}

#endif
