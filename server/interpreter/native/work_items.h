/*
 * Work that is given to a thread of an executor (`_WorkItem` of concurrent.futures.thread) through its queue: who gave
 * what a thread takes from it, and when that is done; and where the tasks of asyncio were made in which it is given.
 * Used by the holder of the GIL.
 */
#ifndef GILSCOPE_WORK_ITEMS_H
#define GILSCOPE_WORK_ITEMS_H

#include <stdbool.h>
#include <stdint.h>

struct thread;

/* Work in a queue; item 0: empty. */
struct given_work {
    uintptr_t item;
    uint64_t ticks;
    uint32_t thread, stack, task_stack, unused;
};

/* A task by the frame of its coroutine. It stays when the task ends, until another has that frame. */
struct made_task {
    uintptr_t frame;
    uint32_t stack, unused;
};

struct work_table {
    struct given_work *slots;
    struct made_task *tasks;
    uint32_t next_task;
};

/* Without address space for it works are recorded without who gave them. Not for hooks. */
void work_table_open(struct work_table *table);
void work_table_close(struct work_table *table);

/* The thread is about to put an object into a queue; has taken one from it (null: none); asks for another. */
void work_given(struct thread *t, const void *item);
void work_taken(struct thread *t, const void *item);
void work_ended(struct thread *t);

/* The thread makes a task of asyncio; `arguments` is the tuple of those of its type. */
void task_made(struct thread *t, const void *arguments);

#endif
