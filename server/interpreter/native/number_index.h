/*
 * Finds numbers by a hash: 1, 2, 3 … in the order in which they were added, whatever they stand for being kept beside it
 * in an array. The index grows with what is in it, so that few pages are touched; a table of full size would cost a page
 * fault for nearly every entry of a short program. One writer. For hooks.
 */
#ifndef GILSCOPE_NUMBER_INDEX_H
#define GILSCOPE_NUMBER_INDEX_H

#include "memory.h"

#define NUMBER_INDEX_FIRST_BITS 10u

struct number_index {
    uint32_t *slots; /* 0: empty */
    uint32_t bits, most_bits, used;
    uint32_t *reserved;
};

/* One size follows the other in what is reserved. */
static inline size_t number_index_bytes(uint32_t most_bits)
{
    return ((size_t)2 << most_bits) * sizeof(uint32_t);
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

/* Where the search for a hash begins; the number there is the hash's, or that of another, or 0: there is none. */
static inline uint32_t number_index_first(const struct number_index *x, uint64_t hash)
{
    return (uint32_t)(hash >> (64 - x->bits));
}

static inline uint32_t number_index_next(const struct number_index *x, uint32_t slot)
{
    return (slot + 1) & ((1u << x->bits) - 1);
}

/* At most 3/4 of its full size. */
static inline void number_index_add(struct number_index *x, uint64_t hash, uint32_t number)
{
    uint32_t slot = number_index_first(x, hash);
    while (x->slots[slot])
        slot = number_index_next(x, slot);
    x->slots[slot] = number;
    x->used++;
}

/* Whether number_index_grow must come before the next addition. */
static inline bool number_index_is_full(const struct number_index *x)
{
    return x->used >= (3u << x->bits) / 4 && x->bits < x->most_bits;
}

/* Takes the next size, which is empty: the caller adds all again. */
static inline void number_index_grow(struct number_index *x)
{
    x->slots += (size_t)1 << x->bits;
    x->bits++;
    x->used = 0;
}

#endif
