/*
 * Finds numbers, 1 and above, by a hash of what they stand for, which is kept beside it in an array. The index grows with
 * what is in it, so that few pages are touched; a table of full size would cost a page fault for nearly every entry of a
 * short program. One writer. For hooks.
 */
#ifndef GILSCOPE_NUMBER_INDEX_H
#define GILSCOPE_NUMBER_INDEX_H

#include "memory.h"

#define NUMBER_INDEX_FIRST_BITS 10u

/* A slot has the high half of a hash, whose highest bits are also its place, and the number; 0: it is empty. */
struct number_index {
    uint64_t *slots;
    uint32_t bits, most_bits, used;
    uint64_t *reserved;
};

/* One size follows the other in what is reserved. */
static inline size_t number_index_bytes(uint32_t most_bits)
{
    return ((size_t)2 << most_bits) * sizeof(uint64_t);
}

/* False: no address space. Not for hooks. */
static inline bool number_index_open(struct number_index *x, uint32_t most_bits)
{
    x->slots = x->reserved = memory_reserve(number_index_bytes(most_bits));
    x->bits = NUMBER_INDEX_FIRST_BITS;
    x->most_bits = most_bits;
    x->used = 0;
    return x->slots != NULL;
}

static inline void number_index_close(struct number_index *x)
{
    if (x->reserved)
        memory_release(x->reserved, number_index_bytes(x->most_bits));
    x->slots = x->reserved = NULL;
}

/* Where the search for a hash begins. */
static inline uint32_t number_index_first(const struct number_index *x, uint64_t hash)
{
    return (uint32_t)(hash >> (64 - x->bits));
}

/* To come before a search by as long as memory takes. */
static inline void number_index_expect(const struct number_index *x, uint64_t hash)
{
    __builtin_prefetch(&x->slots[number_index_first(x, hash)]);
}

static inline uint32_t number_index_after(const struct number_index *x, uint32_t at)
{
    return (at + 1) & ((1u << x->bits) - 1);
}

/* The next number, from `*at` on, whose hash is this or begins like it; 0: no more. `*at` comes to be behind it. */
static inline uint32_t number_index_next(const struct number_index *x, uint64_t hash, uint32_t *at)
{
    for (uint64_t slot; (slot = x->slots[*at]);) {
        *at = number_index_after(x, *at);
        if (slot >> 32 == hash >> 32)
            return (uint32_t)slot;
    }
    return 0;
}

static inline void number_index_put(struct number_index *x, uint64_t slot)
{
    uint32_t at = number_index_first(x, slot);
    while (x->slots[at])
        at = number_index_after(x, at);
    x->slots[at] = slot;
}

/* At most 3/4 of its full size. */
static inline void number_index_add(struct number_index *x, uint64_t hash, uint32_t number)
{
    if (x->used >= (3u << x->bits) / 4 && x->bits < x->most_bits) {
        const uint64_t *old = x->slots, *end = old + ((size_t)1 << x->bits);
        x->slots += (size_t)1 << x->bits;
        x->bits++;
        for (; old < end; old++)
            if (*old)
                number_index_put(x, *old);
    }
    number_index_put(x, hash >> 32 << 32 | number);
    x->used++;
}

#endif
