#include "work_items.h"
#include "lock_events.h"
#include "probe.h"

#define RECORD_BYTES 38u
#define SLOTS (1u << 17)
/* Slots in which an item may lie, from its own on; where they are full nobody knows who gave it. */
#define WINDOW 16u
#define TASKS (1u << 16)
#define MOST_FRAMES 256u
/* In PyTypeObject after its PyObject_VAR_HEAD. */
#define TYPE_NAME 0u

void work_table_open(struct work_table *t)
{
    t->slots = memory_reserve((SLOTS + WINDOW) * sizeof *t->slots);
    t->tasks = memory_reserve((TASKS + WINDOW) * sizeof *t->tasks);
}

void work_table_close(struct work_table *t)
{
    if (t->slots)
        memory_release(t->slots, (SLOTS + WINDOW) * sizeof *t->slots);
    if (t->tasks)
        memory_release(t->tasks, (TASKS + WINDOW) * sizeof *t->tasks);
    memset(t, 0, sizeof *t);
}

static struct gil *recording(const struct thread *t)
{
    return probe.layout.known ? recording_gil(t) : NULL;
}

static uintptr_t load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

static bool is_of_type(uintptr_t object, const char *name)
{
    uintptr_t type = load(object + probe.layout.type);
    uintptr_t at = type + probe.layout.object_bytes + sizeof(uint64_t) + TYPE_NAME;
    return !strcmp((const char *)load(at), name);
}

static bool is_work(const void *object)
{
    return is_of_type((uintptr_t)object, "_WorkItem");
}

/* In struct _PyGenObject (Include/internal/pycore_genobject.h, genobject.h before): gi_frame, or gi_iframe from 3.11 on. */
static uintptr_t frame_of(uintptr_t coroutine)
{
    const struct layout *l = &probe.layout;
    if (l->frame_objects)
        return load(coroutine + l->object_bytes);
    return coroutine + l->object_bytes + (l->hex < 0x030c0000 ? 64 : 56);
}

/* The slot of a frame, or (frame 0) an empty one for `wanted`; null: none. */
static struct made_task *find_task(const struct work_table *t, uintptr_t wanted, uintptr_t frame)
{
    struct made_task *first = &t->tasks[(uint32_t)(wanted >> 4) & (TASKS - 1)];
    for (uint32_t i = 0; i < WINDOW; i++)
        if (first[i].frame == frame)
            return &first[i];
    return NULL;
}

void task_made(struct thread *t, const void *arguments)
{
    struct gil *gil = recording(t);
    uintptr_t tuple = (uintptr_t)arguments, head = probe.layout.object_bytes;
    if (!gil || !gil->works.tasks || !tuple || (int64_t)load(tuple + head) < 1)
        return;
    /* Its length, since 3.14 its hash, its items. */
    uint32_t items = probe.layout.hex >= 0x030e0000 ? 2 : 1;
    uintptr_t coroutine = load(tuple + head + items * sizeof(uintptr_t));
    uintptr_t frame = is_of_type(coroutine, "coroutine") ? frame_of(coroutine) : 0;
    if (!frame)
        return;
    struct made_task *made = find_task(&gil->works, frame, frame);
    if (!made)
        made = find_task(&gil->works, frame, 0);
    if (!made) /* full, most of all of tasks that are no more */
        made = &gil->works.tasks[((frame >> 4) & (TASKS - 1)) + gil->works.next_task++ % WINDOW];
    *made = (struct made_task){.frame = frame, .stack = lock_own_stack(gil)};
}

/* Where the task was made in which the thread is: the outermost coroutine of its stack is that of a task. */
static uint32_t task_stack(const struct gil *gil)
{
    uintptr_t frames[MOST_FRAMES];
    void *state = probe.api.thread_state ? probe.api.thread_state() : NULL;
    uint32_t count = 0;
    if (state && gil->works.tasks)
        count = stack_frames_of_state(&probe.layout, (uintptr_t)state, frames, MOST_FRAMES);
    while (count--) {
        const struct made_task *made = find_task(&gil->works, frames[count], frames[count]);
        if (made)
            return made->stack;
    }
    return 0;
}

/* The slot of an item, or (item 0) an empty one for `object`; null: none. */
static struct given_work *find(const struct work_table *t, uintptr_t object, uintptr_t item)
{
    uint32_t first = (uint32_t)(object >> 4) & (SLOTS - 1);
    for (uint32_t i = first; t->slots && i < first + WINDOW; i++)
        if (t->slots[i].item == item)
            return &t->slots[i];
    return NULL;
}

void work_given(struct thread *t, const void *item)
{
    struct gil *gil = recording(t);
    uintptr_t object = (uintptr_t)item;
    if (!gil || !is_work(item))
        return;
    struct given_work *g = find(&gil->works, object, object);
    if (!g)
        g = find(&gil->works, object, 0);
    if (g)
        *g = (struct given_work){.item = object,
                                 .ticks = clock_ticks(probe.clock),
                                 .thread = t->index + 1,
                                 .stack = lock_own_stack(gil),
                                 .task_stack = task_stack(gil)};
}

static void write(struct gil *gil, const struct thread *t, const struct given_work *g, bool ended)
{
    uint8_t *p = gil->totals_only ? NULL : stream_room(&gil->stream, RECORD_BYTES, 0);
    if (!p)
        return;
    *p++ = GILSCOPE_TAG_WORK;
    p = put_u32(p, RECORD_BYTES);
    p = put_u32(p, t->index);
    p = put_u64(p, clock_ticks(probe.clock));
    p = put_u32(p, g->thread);
    p = put_u64(p, g->ticks);
    p = put_u32(p, g->stack);
    p = put_u32(p, g->task_stack);
    *p++ = ended;
    stream_commit(&gil->stream, p);
}

void work_taken(struct thread *t, const void *item)
{
    static const struct given_work unknown = {0};
    struct gil *gil = recording(t);
    if (!gil || !item || !is_work(item))
        return;
    struct given_work *g = find(&gil->works, (uintptr_t)item, (uintptr_t)item);
    write(gil, t, g ? g : &unknown, false);
    if (g)
        g->item = 0;
    t->works = true;
}

void work_ended(struct thread *t)
{
    static const struct given_work none = {0};
    struct gil *gil = recording(t);
    if (!gil || !t->works)
        return;
    t->works = false;
    write(gil, t, &none, true);
}
