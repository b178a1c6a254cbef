/*
 * The locks of one GIL: what the probe keeps of each, found by the address of its object. Only the holder of the GIL
 * uses the table.
 */
#ifndef GILSCOPE_LOCK_TABLE_H
#define GILSCOPE_LOCK_TABLE_H

#include "stream.h"

struct gil;
struct thread;

struct lock {
    struct lock_entry *entry;
    struct thread *owner;  /* who acquired it last; null: it was released, or nobody is known to */
    uint32_t owner_thread; /* its index then: the structure may be another thread's by now */
    uint32_t owner_cycle; /* its cycle then; another by the release: it gave the GIL up meanwhile */
    uint32_t countdown;   /* acquisitions until the next one that gets a row */
    uint32_t distance;    /* what the countdown began with: the acquisitions that row stands for */
    uint32_t rows;        /* given to holds that made nobody wait */
    uint32_t number;      /* in the trace */
    uint32_t kind;        /* GILSCOPE_LOCK_KIND_* */
    uint32_t next_gone;   /* number + 1 of the next that is gone and was made at the same place */
    bool exact;           /* it was contended: all is stamped from then on */
    bool stamped;         /* the hold that is going on has a start, and a row is due */
    bool estimated;       /* … and the start is only the earliest there can be */
    bool row_due;         /* … even if it makes nobody wait */
    uint64_t start_ticks; /* of the hold; if it is not stamped, the last known moment before it */
    uint64_t end_ticks;   /* of the last stamped hold */
    uint32_t stack;       /* at the acquisition */
    uint32_t waiting;     /* threads in an acquisition that found it held */
};

/* The lock of an address; kept when it is freed, since the next one there may be a lock, too. */
struct lock_slot {
    uintptr_t object; /* 0: empty */
    struct lock *lock;
};

struct lock_table {
    struct lock_slot *slots;
    struct lock *locks;
    uint32_t *gone; /* by creation stack: number + 1 of the first that is gone */
    uint32_t count, used_slots;
    uint64_t random;
};

#define LOCK_SLOTS (1u << 21)

/* False: no address space; the locks of this GIL are not recorded. Not for hooks. */
bool lock_table_open(struct lock_table *table);
void lock_table_close(struct lock_table *table);

/* Objects lie 16 bytes apart at least; so neighbours share pages of the table, and few collide. */
static inline uint32_t lock_slot_of(uintptr_t object)
{
    return (uint32_t)(object >> 4) & (LOCK_SLOTS - 1);
}

struct lock *lock_search(const struct lock_table *table, uintptr_t object);

/* The lock of an object, or null. */
static inline struct lock *lock_of(const struct lock_table *table, const void *object)
{
    if (!table->slots)
        return NULL;
    const struct lock_slot *slot = &table->slots[lock_slot_of((uintptr_t)object)];
    if (__builtin_expect(slot->object == (uintptr_t)object, 1))
        return slot->lock;
    return lock_search(table, (uintptr_t)object);
}

/* An object that is a lock from now on, made at `stack` (0: unknown). Null: no room. For hooks. */
struct lock *lock_create(struct gil *gil, const void *object, uint32_t kind, uint32_t stack);
/* It is freed. */
void lock_destroy(struct lock_table *table, const void *object);

/* Sets how many acquisitions pass until the next row. */
void lock_choose_distance(struct lock_table *table, struct lock *lock);

#endif
