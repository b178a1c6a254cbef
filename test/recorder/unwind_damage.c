/*
 * Damages the unwind tables of an interpreter in every way and unwinds by them: unwind_damage FILE COUNT SEED. Built with
 * sanitizers together with server/interpreter/native/unwind_elf.c, they end it at the first read outside of the tables
 * or of the stack that it is given. Prints how many steps were found whole and damaged, and how many of two were read
 * again from the tables after both were known.
 */
#include "../../server/interpreter/native/unwind.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Frames of 64 KB are the largest that are believed, and six of them are followed. */
enum { STEPS = 6, STACK_BYTES = (STEPS + 1) * 65536 };

struct image {
    uint8_t *start; /* of the segment with the tables */
    size_t bytes;
    size_t header; /* in the segment */
    uintptr_t low, high;
};

static uint64_t state;

static uint32_t below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 11) % limit;
}

static void fail(const char *what)
{
    fprintf(stderr, "unwind_damage: %s\n", what);
    exit(2);
}

static uint8_t *read_all(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0)
        fail("cannot read the file");
    *bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *all = malloc(*bytes);
    if (!all || fread(all, 1, *bytes, file) != *bytes)
        fail("cannot read the file");
    fclose(file);
    return all;
}

/* As the dynamic linker would map it, but for the code, of which only the addresses count. */
static struct image load(const char *path)
{
    size_t bytes;
    uint8_t *all = read_all(path, &bytes);
    const Elf64_Ehdr *head = (const Elf64_Ehdr *)all;
    const Elf64_Phdr *p = (const Elf64_Phdr *)(all + head->e_phoff), *frames = NULL;
    struct image image = {0};
    for (int i = 0; i < head->e_phnum; i++)
        if (p[i].p_type == PT_GNU_EH_FRAME)
            frames = &p[i];
    if (!frames)
        fail("no unwind tables");
    for (int i = 0; i < head->e_phnum; i++) {
        if (p[i].p_type != PT_LOAD || frames->p_vaddr - p[i].p_vaddr >= p[i].p_filesz)
            continue;
        image.bytes = p[i].p_filesz;
        image.start = malloc(image.bytes); /* its ends are watched */
        memcpy(image.start, all + p[i].p_offset, image.bytes);
        image.header = frames->p_vaddr - p[i].p_vaddr;
        for (int k = 0; k < head->e_phnum; k++) {
            if (p[k].p_type != PT_LOAD || !(p[k].p_flags & PF_X))
                continue;
            image.low = (uintptr_t)image.start + p[k].p_vaddr - p[i].p_vaddr;
            image.high = image.low + p[k].p_memsz;
        }
    }
    free(all);
    return image;
}

static uint32_t u32_at(const uint8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

/* A place that means something for the function of one entry: the entry, its FDE, its CIE, the header. */
static uint8_t *place(const struct image *image, uint32_t entry)
{
    uint8_t *header = image->start + image->header, *row = header + 12 + (size_t)entry * 8;
    uint8_t *fde = header + (int32_t)u32_at(row + 4), *cie = fde + 4 - u32_at(fde + 4);
    switch (below(8)) {
    case 0:
        return header + below(12);
    case 1:
        return row + below(8);
    case 2:
    case 3:
        return cie + below(24);
    default:
        return fde + below(40);
    }
}

static uint32_t unwind(const struct unwinder *u, const struct image *image, uintptr_t pc,
                       uintptr_t *stack)
{
    struct unwind_step step;
    uint32_t count = 0;
    struct unwind_known known = {0};
    struct call_site site = {pc, (uintptr_t)stack, (uintptr_t)(stack + below(64))};
    for (size_t i = 0; i < 512; i++)
        stack[i] = below(3) ? image->low + below((uint32_t)(image->high - image->low))
                            : (uintptr_t)(stack + below(STACK_BYTES / 8));
    while (count < STEPS && unwind_next(u, &known, &site, &step))
        count++;
    return count + (unwind_frame_size(u, pc) != 0);
}

/* Steps from two places, by the tables and then without: what is known needs none. */
static unsigned forgotten(const struct unwinder *u, uintptr_t a, uintptr_t b, uintptr_t *stack)
{
    struct unwinder without = *u;
    struct unwind_known known = {0};
    uintptr_t pcs[] = {a, b};
    bool found[4];
    without.count = 0;
    for (int i = 0; i < 4; i++) {
        struct call_site site = {pcs[i % 2], (uintptr_t)stack, (uintptr_t)stack + 256};
        struct unwind_step step;
        found[i] = unwind_next(i < 2 ? u : &without, &known, &site, &step);
    }
    return (found[0] != found[2]) + (found[1] != found[3]);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("usage: unwind_damage FILE COUNT SEED");
    struct image image = load(argv[1]);
    uint32_t count = (uint32_t)atol(argv[2]);
    state = 0x9e3779b97f4a7c15u + (uint64_t)atol(argv[3]);
    uint8_t *header = image.start + image.header;
    uint32_t entries = u32_at(header + 8);
    uintptr_t *stack = malloc(STACK_BYTES);
    memset(stack, 0, STACK_BYTES);
    unsigned long whole = 0, damaged = 0, again = 0;
    uintptr_t before = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct unwind_tables tables = {header, image.start, image.bytes};
        struct unwinder u;
        uint32_t entry = below(entries);
        uintptr_t pc =
            (uintptr_t)header + (uintptr_t)(intptr_t)(int32_t)u32_at(header + 12 + entry * 8u);
        pc += below(64);
        unwinder_open(&u, &tables, image.low, image.high);
        whole += unwind(&u, &image, pc, stack);
        again += forgotten(&u, pc, before, stack);
        before = pc;
        uint8_t *at[4], old[4];
        uint32_t changes = 1 + below(4);
        for (uint32_t k = 0; k < changes; k++) {
            at[k] = place(&image, entry);
            if (at[k] < image.start || at[k] >= image.start + image.bytes)
                at[k] = header;
            old[k] = *at[k];
        }
        for (uint32_t k = 0; k < changes; k++)
            *at[k] = below(3) ? (uint8_t)below(256) : (uint8_t) "\0\1\177\200\377"[below(5)];
        /* Cut short: the rest is somebody else's, and copied so that it is watched. */
        uint8_t *copy = NULL;
        if (below(64) == 0) {
            tables.bytes = image.header + below((uint32_t)(image.bytes - image.header));
            copy = malloc(tables.bytes);
            memcpy(copy, image.start, tables.bytes);
            tables.start = copy;
            tables.header = copy + image.header;
            pc += (uintptr_t)copy - (uintptr_t)image.start;
        }
        uintptr_t shift = copy ? (uintptr_t)copy - (uintptr_t)image.start : 0;
        unwinder_open(&u, &tables, image.low + shift, image.high + shift);
        damaged += unwind(&u, &image, pc, stack);
        for (uint32_t k = changes; k-- > 0;)
            *at[k] = old[k];
        free(copy);
    }
    printf("%lu %lu %lu\n", whole, damaged, again);
    free(stack);
    free(image.start);
    return 0;
}
