/*
 * Reading this process's own memory that may go away meanwhile: never faults. What was read for one sample is fetched
 * again for the next in one go, since stacks change mostly at their end; what is new comes by pages.
 */
#ifndef GILSCOPE_REMOTE_MEMORY_H
#define GILSCOPE_REMOTE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REMOTE_BLOCKS 512u
#define REMOTE_BYTES (256u * 1024u)

struct remote_block {
    uintptr_t address;
    uint32_t bytes, at; /* at: offset in the buffer */
};

struct remote_memory {
    int fd; /* of /proc/self/mem, where process_vm_readv is refused; else -1 */
    uint32_t block_count, wanted_count, cursor;
    uint32_t used;
    struct remote_block blocks[REMOTE_BLOCKS], wanted[REMOTE_BLOCKS];
    uint8_t buffer[REMOTE_BYTES];
};

/* False: there is no way on this system. */
bool remote_memory_open(struct remote_memory *m);
void remote_memory_close(struct remote_memory *m);
/* Begins a sample: fetches what the last one read. */
void remote_memory_begin(struct remote_memory *m);
/* Copies from what was fetched, else reads; false where the memory is gone. */
bool remote_memory_copy(void *remote_memory, uintptr_t address, void *to, size_t bytes);
/* Reads now, whatever was fetched. */
bool remote_memory_read(struct remote_memory *m, uintptr_t address, void *to, size_t bytes);

#endif
