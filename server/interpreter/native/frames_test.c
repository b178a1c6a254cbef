#include "frames_test.h"
#include "probe.h"
#include "remote_memory.h"

#include <errno.h>

/* Frames of one stack that are looked at. */
#define TRIED_FRAMES 16u
/* Failures that are taken as the answer; and releases at which there was no frame at all. */
#define MAX_WRONG 16u
#define MAX_NONE 100u

enum outcome { SOUND, WRONG, NONE };

static bool is_of_type(struct remote_memory *m, uintptr_t object, uintptr_t type)
{
    uintptr_t found;
    return object && !(object & 7) &&
           remote_memory_read(m, object + probe.layout.type, &found, sizeof found) &&
           (!type || found == type);
}

static bool read_now(void *m, uintptr_t address, void *to, size_t bytes)
{
    return remote_memory_read(m, address, to, bytes);
}

static bool instruction_is_sound(struct remote_memory *m, uintptr_t code, const uint8_t *frame)
{
    const struct layout *l = &probe.layout;
    const struct memory memory = {read_now, m};
    if (l->frame_objects) {
        int32_t index;
        memcpy(&index, frame + l->instruction, sizeof index);
        return index >= -1 && index < 1 << 24;
    }
    uintptr_t instruction, start = code + l->code_bytes;
    memcpy(&instruction, frame + l->instruction, sizeof instruction);
    return layout_shared_instruction(l, &memory, code, frame, &instruction) &&
           instruction + 2 >= start && instruction - start <= 1u << 24;
}

/* One frame; `python` tells whether it is Python's own. */
static bool frame_is_sound(struct remote_memory *m, uintptr_t frame, uintptr_t *previous,
                           bool *python)
{
    const struct layout *l = &probe.layout;
    uint8_t bytes[256];
    uintptr_t code, file, name;
    if ((frame & 7) || !remote_memory_read(m, frame, bytes, l->frame_bytes))
        return false;
    memcpy(previous, bytes + l->previous, sizeof *previous);
    *python = l->owner < 0 || bytes[l->owner] < 3;
    if (!*python)
        return bytes[l->owner] < 8;
    memcpy(&code, bytes + l->code, sizeof code);
    code &= l->code_mask;
    return is_of_type(m, code, probe.code_type) &&
           remote_memory_read(m, code + l->file, &file, sizeof file) &&
           remote_memory_read(m, code + l->name, &name, sizeof name) &&
           is_of_type(m, file, probe.str_type) && is_of_type(m, name, probe.str_type) &&
           instruction_is_sound(m, code, bytes);
}

static enum outcome try_stack(struct remote_memory *m, uintptr_t state)
{
    const struct layout *l = &probe.layout;
    uintptr_t frame, previous;
    uint32_t found = 0;
    if (may_be_freed(state) ||
        !remote_memory_read(m, state + l->state_to_top, &frame, sizeof frame))
        return WRONG;
    if (l->top_is_indirect && frame &&
        !remote_memory_read(m, frame + l->cframe_to_top, &frame, sizeof frame))
        return WRONG;
    for (uint32_t n = 0; frame && n < TRIED_FRAMES; n++, frame = previous) {
        bool python;
        if (!frame_is_sound(m, frame, &previous, &python) || previous == frame)
            return WRONG;
        found += python;
    }
    return found ? SOUND : NONE;
}

static void decide(uint32_t frames)
{
    atomic_store(&probe.frames, frames);
    atomic_store(&probe.file.header->frames, frames);
}

static void try_frames(uintptr_t state)
{
    struct remote_memory *m = memory_reserve(sizeof *m);
    if (m && remote_memory_open(m)) {
        enum outcome outcome = try_stack(m, state);
        if (outcome == SOUND)
            decide(GILSCOPE_FRAMES_RECORDED);
        else if (outcome == WRONG ? atomic_fetch_add(&probe.wrong_frames, 1) + 1 >= MAX_WRONG
                                  : atomic_fetch_add(&probe.no_frames, 1) + 1 >= MAX_NONE)
            decide(GILSCOPE_FRAMES_SELF_TEST_FAILED);
        remote_memory_close(m);
    }
    if (m)
        memory_release(m, sizeof *m);
}

bool frames_are_sound(uintptr_t state)
{
    int error = errno;
    if (atomic_load(&probe.frames) == GILSCOPE_FRAMES_NOT_YET)
        try_frames(state);
    errno = error;
    return atomic_load(&probe.frames) == GILSCOPE_FRAMES_RECORDED;
}

void frames_try(struct gil *gil, uintptr_t state)
{
    if (frames_are_sound(state))
        gil_open_stacks(gil);
}
