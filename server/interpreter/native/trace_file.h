/*
 * The trace as a growing file. Chunks are mapped and backed by disk blocks before anybody may take them, so that taking
 * and writing one needs no system call and cannot fault for want of space.
 */
#ifndef GILSCOPE_TRACE_FILE_H
#define GILSCOPE_TRACE_FILE_H

#include "clock.h"
#include "trace_layout.h"

#include <stdbool.h>
#include <sys/types.h>

#define CHUNKS_PER_SEGMENT 64u
#define SEGMENT_BYTES ((size_t)CHUNKS_PER_SEGMENT * GILSCOPE_CHUNK_BYTES)
#define MAX_SEGMENTS 16384u

struct trace_file {
    char path[4096];
    dev_t device;
    ino_t inode;
    struct trace_header *header;
    struct gil_entry *gils;
    uint32_t bound_chunks;
    _Atomic uint32_t ready, taken, populated;
    uint32_t segment_count, pause_growth;
    _Atomic uint32_t growth_lacks; /* why it could not grow lately, GILSCOPE_LOST_*; 0: it could */
    int kept_descriptor;           /* of the file, in the probe's own thread; -1: none */
    uint8_t *segments[MAX_SEGMENTS];
};

/* Creates FOLDER/PID.trace with its header and the first segment. False: `error` says what failed. */
bool trace_file_create(struct trace_file *file, const char *folder, uint64_t max_bytes, char *error,
                       size_t error_bytes);

/* A descriptor of the file, or -1. */
int trace_file_reopen(const struct trace_file *file);

/* Makes room for what may be taken soon. Makes system calls: for the probe's own thread. */
void trace_file_prepare(struct trace_file *file);

/*
 * An empty chunk, or null: none ready, or the bound is reached. `beyond`: more chunks than the bound allows, for what
 * totals and definitions need. The caller fills in the header and publishes it. For hooks.
 */
struct chunk_header *trace_file_take(struct trace_file *file, uint32_t beyond);
void trace_file_publish(struct trace_file *file, struct chunk_header *chunk);

/* Whether events must no longer be written, but only totals. */
bool trace_file_is_bounded(const struct trace_file *file);

#define BEYOND_FOR_TOTALS 64u
#define BEYOND_FOR_THREADS 1024u
#define BEYOND_FOR_LOCKS 512u

/* Unmaps without touching the file: a forked child leaves its parent's trace, of which it keeps the header for now. */
struct trace_header *trace_file_abandon(struct trace_file *file);
void trace_file_drop(struct trace_header *kept);

/* A sign of life, for the reader and for hooks that need no better time. */
static inline void trace_file_beat(const struct trace_file *file, uint64_t ticks)
{
    __atomic_store_n(&file->header->heartbeat_ticks, ticks, __ATOMIC_RELAXED);
}

/* The latest anchor of the clock, and the second if there is none yet and this one `is_far` enough from the first. */
void trace_file_put_anchor(struct trace_file *file, struct clock_anchor now, bool is_far);

void trace_file_lose(struct trace_file *file, uint32_t reason);

#endif
