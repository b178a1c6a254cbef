#include "stream.h"

#include <string.h>

void stream_open(struct stream *stream, struct trace_file *file, uint32_t kind, uint32_t owner)
{
    memset(stream, 0, sizeof *stream);
    stream->file = file;
    stream->kind = kind;
    stream->owner = owner;
}

uint8_t *stream_next_chunk(struct stream *stream, uint32_t beyond)
{
    struct chunk_header *chunk = trace_file_take(stream->file, beyond);
    if (!chunk)
        return NULL;
    chunk->kind = stream->kind;
    chunk->owner = stream->owner;
    chunk->seq = stream->next_seq++;
    chunk->thread = stream->thread;
    chunk->base_ticks = stream->base_ticks;
    atomic_store_explicit(&chunk->used, GILSCOPE_CHUNK_HEADER_BYTES, memory_order_relaxed);
    trace_file_publish(stream->file, chunk);
    stream->chunk = chunk;
    stream->cursor = (uint8_t *)chunk + GILSCOPE_CHUNK_HEADER_BYTES;
    stream->limit = (uint8_t *)chunk + GILSCOPE_CHUNK_BYTES;
    return stream->cursor;
}
