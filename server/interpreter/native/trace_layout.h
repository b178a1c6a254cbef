/* The fixed structures of a trace, as the probe writes them; static assertions tie them to trace_format.h. */
#ifndef GILSCOPE_TRACE_LAYOUT_H
#define GILSCOPE_TRACE_LAYOUT_H

#include "trace_format.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct trace_header {
    char magic[8];
    uint32_t version, byte_order, header_bytes, chunk_bytes, gil_entry_bytes, thread_entry_bytes;
    _Atomic uint32_t gil_count, thread_count, chunk_count;
    uint32_t pid, parent_pid, python_hex;
    _Atomic uint32_t flags, frames;
    uint32_t clock, exit_flags;
    int32_t exit_code;
    _Atomic uint32_t lost_reasons;
    uint64_t max_bytes;
    uint64_t anchor0_ticks, anchor0_ns, anchor1_ticks, anchor1_ns;
    uint64_t anchor_latest_ticks, anchor_latest_ns, realtime_ns;
    uint64_t start_ticks, end_ticks, heartbeat_ticks;
    _Atomic uint64_t lost_events, lost_samples;
    uint64_t samples_taken, sample_period_ns;
    _Atomic uint64_t self_ticks, self_cycles;
    uint64_t sampler_cpu_ns;
    _Atomic uint32_t lane_lock_count;
    uint64_t process_cpu_ns;
    _Atomic uint64_t unrecorded_cycles;
    _Atomic uint32_t unrecorded_children;
};

/* One entry of the GIL table; times in ticks. */
struct gil_entry {
    int32_t interpreter;
    uint32_t state;
    uint32_t holder;
    uint32_t hold_flags;
    _Atomic uint64_t acquire_seq;
    uint64_t wait_start_ticks, acquired_ticks;
    uint32_t acquire_stack;
    uint32_t switch_interval_us;
    _Atomic uint64_t cycles;
    uint64_t lost_cycles;
    _Atomic uint32_t lock_count;
    uint8_t unused[60];
};

/* One thread; times in ticks. */
struct thread_entry {
    uint32_t state, tid;
    uint64_t start_ticks, end_ticks;
    _Atomic uint32_t waiting_gil;
    uint32_t wait_flags;
    uint64_t wait_start_ticks;
    uint32_t last_stack, last_gil;
    uint64_t lost_acquires, lost_contended, lost_forced, lost_hold_ticks, lost_wait_ticks;
    uint64_t lost_max_hold_ticks, lost_max_wait_ticks;
    _Atomic uint32_t waiting_lock;
    uint32_t lock_wait_gil, lock_wait_stack, lock_wait_owner;
    uint64_t lock_wait_start_ticks, unused;
    char name[GILSCOPE_THREAD_NAME_BYTES];
};

/* One lock, or several that were made at the same place, one after the other; times in ticks. */
struct lock_entry {
    _Atomic uint32_t state;
    uint32_t kind;
    uint64_t address;
    uint32_t created_stack;
    _Atomic uint32_t owner;
    uint32_t hold_flags, hold_stack;
    uint64_t hold_start_ticks;
    _Atomic uint64_t acquires;
    uint64_t contended, wait_ticks, hold_ticks, lost_rows;
    uint64_t unused[2];
    char type_name[GILSCOPE_LOCK_TYPE_NAME_BYTES];
};

struct chunk_header {
    _Atomic uint32_t magic;
    uint32_t kind, owner, seq;
    _Atomic uint32_t used;
    uint32_t thread;
    uint64_t base_ticks;
    uint8_t unused[32];
};

/* Totals of one thread and stack of cycles that are in no stream; thread is the index + 1. */
struct aggregate_entry {
    uint32_t thread, stack;
    uint64_t acquires, contended, forced, hold_ticks, wait_ticks, max_hold_ticks, max_wait_ticks;
};

#define CHECK_AT(type, field, offset)                                                              \
    _Static_assert(offsetof(struct type, field) == (offset), #type "." #field)
CHECK_AT(trace_header, gil_count, GILSCOPE_HEADER_GIL_COUNT);
CHECK_AT(trace_header, pid, GILSCOPE_HEADER_PID);
CHECK_AT(trace_header, clock, GILSCOPE_HEADER_CLOCK);
CHECK_AT(trace_header, exit_code, GILSCOPE_HEADER_EXIT_CODE);
CHECK_AT(trace_header, max_bytes, GILSCOPE_HEADER_MAX_BYTES);
CHECK_AT(trace_header, realtime_ns, GILSCOPE_HEADER_REALTIME_NS);
CHECK_AT(trace_header, lost_events, GILSCOPE_HEADER_LOST_EVENTS);
CHECK_AT(trace_header, sampler_cpu_ns, GILSCOPE_HEADER_SAMPLER_CPU_NS);
CHECK_AT(trace_header, lane_lock_count, GILSCOPE_HEADER_LANE_LOCK_COUNT);
CHECK_AT(trace_header, process_cpu_ns, GILSCOPE_HEADER_PROCESS_CPU_NS);
CHECK_AT(trace_header, unrecorded_cycles, GILSCOPE_HEADER_UNRECORDED_CYCLES);
CHECK_AT(trace_header, unrecorded_children, GILSCOPE_HEADER_UNRECORDED_CHILDREN);
CHECK_AT(gil_entry, acquire_seq, 16);
CHECK_AT(gil_entry, acquire_stack, 40);
CHECK_AT(gil_entry, cycles, 48);
CHECK_AT(thread_entry, waiting_gil, 24);
CHECK_AT(thread_entry, last_stack, 40);
CHECK_AT(thread_entry, lost_acquires, 48);
CHECK_AT(thread_entry, waiting_lock, 104);
CHECK_AT(thread_entry, name, 136);
CHECK_AT(lock_entry, acquires, 40);
CHECK_AT(lock_entry, type_name, 96);
CHECK_AT(chunk_header, base_ticks, 24);
_Static_assert(sizeof(struct trace_header) <= GILSCOPE_HEADER_BYTES, "trace_header");
_Static_assert(sizeof(struct gil_entry) == GILSCOPE_GIL_ENTRY_BYTES, "gil_entry");
_Static_assert(sizeof(struct thread_entry) == GILSCOPE_THREAD_ENTRY_BYTES, "thread_entry");
_Static_assert(sizeof(struct chunk_header) == GILSCOPE_CHUNK_HEADER_BYTES, "chunk_header");
_Static_assert(sizeof(struct lock_entry) == GILSCOPE_LOCK_ENTRY_BYTES, "lock_entry");
_Static_assert(sizeof(struct aggregate_entry) == GILSCOPE_AGGREGATE_ENTRY_BYTES, "aggregate_entry");

#endif
