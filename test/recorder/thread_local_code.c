/*
 * A frame of free-threaded 3.14 that runs its thread's copy of the instructions, made by hand after
 * Include/internal/pycore_interpframe_structs.h and Include/cpython/code.h: where its instruction is in the code object.
 * Prints for each index of a copy the offset found, or `gone`; ends with 1 where the layout does not reach to the index.
 */
#include "../../server/interpreter/native/layout.h"

#include <stdio.h>
#include <stdlib.h>

/* Offsets of 3.14.0, free-threaded: of a frame, of a code object. */
enum {
    PREVIOUS = 8,
    INSTRUCTION = 56,
    OWNER = 78,
    COPY_INDEX = 72,
    COPIES = 224,
    CODE_BYTES = 232
};
#define COPY_COUNT 3
#define AT 10

struct copies {
    int64_t count;
    uintptr_t starts[COPY_COUNT];
};

static bool copy(void *gone, uintptr_t address, void *to, size_t bytes)
{
    if (address == (uintptr_t)gone)
        return false;
    memcpy(to, (const void *)address, bytes);
    return true;
}

static struct layout free_threaded(void)
{
    static uint64_t offsets[64];
    memcpy(offsets, "xdebugpy", 8);
    offsets[1] = 0x030e00f0;
    offsets[31 + 1] = PREVIOUS;
    offsets[31 + 3] = INSTRUCTION;
    offsets[31 + 5] = OWNER - 6; /* so that the index is the last of what is read */
    offsets[31 + 7] = COPY_INDEX;
    offsets[39 + 9] = CODE_BYTES;
    offsets[39 + 10] = COPIES;
    return layout_of(0x030e00f0, true, offsets);
}

static void show(const struct layout *l, struct memory memory, uintptr_t code, int32_t index,
                 const uint8_t *start)
{
    uint8_t frame[256] = {0};
    uintptr_t instruction = (uintptr_t)start + AT;
    memcpy(frame + COPY_INDEX, &index, sizeof index);
    if (layout_shared_instruction(l, &memory, code, frame, &instruction))
        printf("%ld ", (long)(instruction - code - CODE_BYTES));
    else
        printf("gone ");
}

int main(void)
{
    struct layout l = free_threaded();
    uint8_t *code = calloc(1, CODE_BYTES + 64), *second = malloc(64), *own = code + CODE_BYTES;
    struct copies *copies = calloc(1, sizeof *copies);
    *copies = (struct copies){COPY_COUNT, {(uintptr_t)own, (uintptr_t)second, 0}};
    memcpy(code + COPIES, &copies, sizeof copies);
    show(&l, (struct memory){0}, (uintptr_t)code, 0, own);
    show(&l, (struct memory){0}, (uintptr_t)code, 1, second);
    /* No such copy yet, nor ever: nothing is known of the instruction. */
    for (int32_t index = 2; index <= 3; index++)
        show(&l, (struct memory){0}, (uintptr_t)code, index, own);
    show(&l, (struct memory){0}, (uintptr_t)code, -1, own);
    uintptr_t parts[] = {(uintptr_t)code + COPIES, (uintptr_t)copies,
                         (uintptr_t)&copies->starts[1]};
    for (int i = 0; i < 3; i++)
        show(&l, (struct memory){copy, (void *)parts[i]}, (uintptr_t)code, 1, second);
    memset(code + COPIES, 0, sizeof copies);
    show(&l, (struct memory){0}, (uintptr_t)code, 1, own);
    free(copies);
    free(second);
    free(code);
    return l.known && l.frame_bytes >= COPY_INDEX + 4 ? 0 : 1;
}
