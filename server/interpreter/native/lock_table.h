/*
 * The locks of one GIL, or of a process without one: what the probe keeps of each, found by the address of its object.
 * Only the holder of the GIL uses its table; without a GIL it is `shared`: locks are found without a lock, and made and
 * destroyed one at a time.
 */
#ifndef GILSCOPE_LOCK_TABLE_H
#define GILSCOPE_LOCK_TABLE_H

#include "stream.h"

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
    bool wanted;          /* without a GIL: somebody waited during the hold that is going on */
    uintptr_t type;       /* kind object: of the object */
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
    uint32_t owner;              /* GIL index, or GILSCOPE_LANES, as in its chunks */
    _Atomic uint32_t *published; /* where the trace says how many there are */
    bool shared;
    atomic_flag busy;
    uint64_t random;
};

#define LOCK_SLOTS (1u << 21)

/* False: no address space; the locks of this GIL are not recorded. Not for hooks. */
bool lock_table_open(struct lock_table *table, uint32_t owner, _Atomic uint32_t *published);
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
    if (__builtin_expect(__atomic_load_n(&slot->object, __ATOMIC_ACQUIRE) == (uintptr_t)object, 1))
        return __atomic_load_n(&slot->lock, __ATOMIC_ACQUIRE);
    return lock_search(table, (uintptr_t)object);
}

/* An object that is a lock from now on, made at `stack` (0: unknown). Null: no room. For hooks. */
struct lock *lock_create(struct lock_table *table, const void *object, uint32_t kind,
                         uint32_t stack);
/* As lock_create(), of the lock inside an object of this type. */
struct lock *lock_create_in_object(struct lock_table *table, const void *object, uintptr_t type,
                                   const char *type_name);
/* The lock of an object that may never have been seen. Null: no room. For hooks. */
struct lock *lock_meet(struct lock_table *table, const void *object, uint32_t kind);
/* It is freed. */
void lock_destroy(struct lock_table *table, const void *object);

/* Sets how many acquisitions pass until the next row. */
void lock_choose_distance(struct lock_table *table, struct lock *lock);

#endif
