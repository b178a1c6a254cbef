/* Reading the interpreter's memory: directly (own frames, GIL held), or safely from the probe's own thread. */
#ifndef GILSCOPE_MEMORY_H
#define GILSCOPE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* What a processor loads at once: data that is used together is laid out in as few as can be. */
#define CACHE_LINE_BYTES 64

struct memory {
    /* Copies `bytes` from `address`; false where that memory is gone. Null: the memory is known to be there. */
    bool (*copy)(void *context, uintptr_t address, void *to, size_t bytes);
    void *context;
};

static inline bool memory_copy(const struct memory *memory, uintptr_t address, void *to,
                               size_t bytes)
{
    if (memory->copy)
        return memory->copy(memory->context, address, to, bytes);
    memcpy(to, (const void *)address, bytes);
    return true;
}

static inline bool memory_pointer(const struct memory *memory, uintptr_t address, uintptr_t *to)
{
    return memory_copy(memory, address, to, sizeof *to);
}

/* Address space for a table: zeroed, backed by memory only where it is touched. Null on failure. Not for hooks. */
void *memory_reserve(size_t bytes);
void memory_release(void *table, size_t bytes);

#endif
