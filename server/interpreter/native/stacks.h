/*
 * Python stacks as numbers. A node is a frame (code object, instruction) and the node of its caller; each is written to
 * the stream once, before its first use, and so is each code object (file, name, line table).
 * One table belongs to one stream and so to one writer.
 */
#ifndef GILSCOPE_STACKS_H
#define GILSCOPE_STACKS_H

#include "layout.h"
#include "memory.h"
#include "number_index.h"
#include "stream.h"

/* Frames of a stack that are kept, from the innermost on; deeper ones are cut at the root, which the trace says. */
#define MAX_FRAMES 16384u

struct frame {
    uintptr_t code, instruction; /* instruction: an address, or in 3.9 and 3.10 the number itself */
};

/* Stacks that were met before, by a hash of their frames. */
struct stack_cache_slot {
    uint64_t hash;
    uint32_t node, unused;
};
#define STACK_CACHE_SLOTS (1u << 12)
#define STACK_CACHE_BYTES (STACK_CACHE_SLOTS * sizeof(struct stack_cache_slot))

struct stack_table {
    struct node *nodes; /* by number */
    struct number_index node_index;
    struct stack_cache_slot *cache;
    const struct layout *layout;
    uint32_t pinned_count;
    bool fingerprints; /* not all codes are kept alive: an address is not enough to tell them */
    uint32_t node_count, code_count;
    struct code *codes; /* by id */
    struct number_index code_index;
    struct frame *frames;
    struct node *wanted; /* for the same frames */
    struct stream *stream;
    struct memory memory;
};

/* `pin_codes`: code objects may be kept alive, as the GIL is held. False: no address space. Not for hooks. */
bool stack_table_open(struct stack_table *table, const struct layout *layout, struct stream *stream,
                      struct memory memory, bool pin_codes);
void stack_table_close(struct stack_table *table);

/* Node of the stack of a thread state of which nobody changes the stack meanwhile; 0: no Python frame. For hooks. */
uint32_t stack_of_state(struct stack_table *table, uintptr_t state);

/* Addresses of the frames of a thread state, innermost first, at most `most`; likewise. Returns how many. */
uint32_t stack_frames_of_state(const struct layout *layout, uintptr_t state, uintptr_t *frames,
                               uint32_t most);

/*
 * As stack_of_state(), where several threads share the table: each has a cache of its own, and only who meets a stack
 * for the first time takes `busy`, which guards the table.
 */
uint32_t stack_of_own_frames(struct stack_table *table, struct stack_cache_slot *cache,
                             atomic_flag *busy, uintptr_t state);

/* Node of table->frames[0 … count - 1], innermost first; 0 if it cannot be told or written. */
uint32_t stack_of_frames(struct stack_table *table, uint32_t count);

#endif
