/*
 * Reading this process's own memory that may go away meanwhile: never faults. What was read for one sample is fetched
 * again for the next of the same thread in one go, since stacks change mostly at their end; what is new comes by pages.
 */
#ifndef GILSCOPE_REMOTE_MEMORY_H
#define GILSCOPE_REMOTE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTE_BLOCKS 512u
#define REMOTE_BYTES (256u * 1024u)
/* Threads that often take turns. */
#define REMOTE_HABITS 8u

struct remote_block {
    uintptr_t address;
    uint32_t bytes, at; /* at: offset in the buffer */
};

/* What a sample read. */
struct remote_habit {
    uintptr_t of;
    uint32_t count;
    struct remote_block blocks[REMOTE_BLOCKS];
};

struct remote_memory {
    int fd; /* of /proc/self/mem, where process_vm_readv is refused; else -1 */
    uint32_t block_count, cursor;
    uint32_t used;
    uint32_t habit, oldest_habit; /* habit: of this sample */
    struct remote_block blocks[REMOTE_BLOCKS];
    struct remote_habit habits[REMOTE_HABITS];
    uint8_t buffer[REMOTE_BYTES];
};

/* False: there is no way on this system. */
bool remote_memory_open(struct remote_memory *m);
void remote_memory_close(struct remote_memory *m);
/* Begins a sample: fetches what the last one of the same thread, or what else `of` tells apart, read. */
void remote_memory_begin(struct remote_memory *m, uintptr_t of);
/* Copies from what was fetched, else reads; false where the memory is gone. */
bool remote_memory_copy(void *remote_memory, uintptr_t address, void *to, size_t bytes);
/* Reads now, whatever was fetched. */
bool remote_memory_read(struct remote_memory *m, uintptr_t address, void *to, size_t bytes);

#endif
