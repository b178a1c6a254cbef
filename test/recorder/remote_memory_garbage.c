/*
 * Reads through remote_memory as the probe's own thread does: sound addresses, such as are partly gone, and garbage of any
 * kind. Arguments: how many, seed. Prints how many copies were made and how many refused; ends with 1 at a wrong one.
 */
#include "../../server/interpreter/native/remote_memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGES 9u
#define PAGE 4096u
/* Every third page is gone, the last one too. */
#define IS_GONE(page) ((page) % 3 == 2)
#define ROUND 100u

static uint64_t state;

static uint64_t next(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

static bool is_there(size_t at, size_t bytes)
{
    for (size_t page = at / PAGE; page <= (at + bytes - 1) / PAGE; page++)
        if (page >= PAGES || IS_GONE(page))
            return false;
    return true;
}

/* An address outside of all that is mapped, most of them where a sum with a length wraps around. */
static uintptr_t garbage(void)
{
    return next() % 4 ? (uintptr_t)0 - 1 - next() % 600 : next() % PAGE;
}

int main(int count, char **arguments)
{
    static struct remote_memory m;
    uint8_t *memory =
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    state = count > 2 ? strtoull(arguments[2], NULL, 10) * 2 + 1 : 1;
    if (memory == MAP_FAILED || !remote_memory_open(&m))
        return 2;
    for (size_t i = 0; i < PAGES * PAGE; i++)
        memory[i] = (uint8_t)(i * 31 + i / PAGE);
    for (size_t page = 0; page < PAGES; page++)
        if (IS_GONE(page))
            mprotect(memory + page * PAGE, PAGE, PROT_NONE);
    unsigned long made = 0, refused = 0, total = strtoul(arguments[1], NULL, 10);
    for (unsigned long i = 0; i < total; i++) {
        uint8_t to[512];
        size_t bytes = 1 + next() % sizeof to, at = next() % (PAGES * PAGE);
        bool is_garbage = next() % 4 == 0;
        uintptr_t address = is_garbage ? garbage() : (uintptr_t)memory + at;
        if (i % ROUND == 0)
            remote_memory_begin(&m, next() % (REMOTE_HABITS + 2));
        bool done = remote_memory_copy(&m, address, to, bytes);
        if (done != (!is_garbage && is_there(at, bytes)) ||
            (done && memcmp(to, memory + at, bytes))) {
            fprintf(stderr, "%zu bytes at %#zx: %s\n", bytes, (size_t)address,
                    done ? "read" : "refused");
            return 1;
        }
        *(done ? &made : &refused) += 1;
    }
    printf("%lu %lu\n", made, refused);
}
