#include "layout.h"
#include "trace_format.h"

#include <string.h>

#define MINOR(hex) (((hex) >> 16) & 0xff)

/* Indices of u64 fields from the start of `_Py_DebugOffsets`, for each minor version that has it. */
struct debug_schema {
    uint32_t minor, interpreter_id, state_interpreter, current_frame, frame, code, object_type;
    uint32_t owner_in_frame, bytes_in_code;
    uint32_t copy_index_in_frame, copies_in_code; /* 0: there are none */
};

/* In all of them: the offsets of `finalizing` and `interpreters.head` in the runtime, and of an interpreter. */
#define FINALIZING 4u
#define INTERPRETERS 5u
#define INTERPRETER_BYTES 6u
#define NEXT_INTERPRETER 8u

static const struct debug_schema SCHEMAS[] = {
    {13, 7, 22, 23, 28, 34, 45, 5, 9, 0, 0},
    {14, 7, 25, 26, 31, 39, 51, 5, 9, 7, 10},
    {15, 7, 25, 26, 39, 47, 59, 5, 9, 7, 10},
};

static uint32_t at(const void *runtime, uint32_t index)
{
    uint64_t value;
    memcpy(&value, (const char *)runtime + (size_t)index * 8, sizeof value);
    return (uint32_t)value;
}

static bool from_debug_offsets(struct layout *l, const void *runtime)
{
    for (size_t i = 0; i < sizeof SCHEMAS / sizeof *SCHEMAS; i++) {
        const struct debug_schema *s = &SCHEMAS[i];
        if (s->minor != MINOR(l->hex))
            continue;
        if (memcmp(runtime, "xdebugpy", 8) != 0 || MINOR(at(runtime, 1)) != s->minor)
            return false;
        l->state_to_top = at(runtime, s->current_frame);
        l->state_to_interpreter = at(runtime, s->state_interpreter);
        l->interpreter_id = at(runtime, s->interpreter_id);
        l->finalizing = at(runtime, FINALIZING);
        l->interpreters = at(runtime, INTERPRETERS);
        l->next_interpreter = at(runtime, NEXT_INTERPRETER);
        l->interpreter_bytes = at(runtime, INTERPRETER_BYTES);
        l->previous = at(runtime, s->frame + 1);
        l->code = at(runtime, s->frame + 2);
        l->instruction = at(runtime, s->frame + 3);
        l->locals = at(runtime, s->frame + 4);
        l->owner = (int32_t)at(runtime, s->frame + s->owner_in_frame);
        l->file = at(runtime, s->code + 1);
        l->name = at(runtime, s->code + 3);
        l->line_table = at(runtime, s->code + 4);
        l->first_line = at(runtime, s->code + 5);
        l->code_bytes = at(runtime, s->code + s->bytes_in_code);
        l->type = at(runtime, s->object_type);
        if (l->free_threaded && s->copies_in_code) {
            l->local_copies = at(runtime, s->code + s->copies_in_code);
            l->local_copy_index = at(runtime, s->frame + s->copy_index_in_frame);
        }
        l->code_mask = s->minor >= 14 ? ~(uintptr_t)3 : ~(uintptr_t)0;
        l->line_table_kind = GILSCOPE_LINE_TABLE_LOCATIONS;
        return true;
    }
    return false;
}

static bool frame_objects(struct layout *l, bool v310)
{
    l->state_to_top = 24;
    l->previous = 24;
    l->code = 32;
    l->instruction = v310 ? 96 : 104;
    l->instruction_unit = v310 ? 2 : 1;
    l->locals = v310 ? 352 : 360;
    l->frame_objects = true;
    l->owner = -1;
    l->file = 104;
    l->name = 112;
    l->first_line = 40;
    l->line_table = 120;
    l->line_table_kind = v310 ? GILSCOPE_LINE_TABLE_PEP626 : GILSCOPE_LINE_TABLE_LNOTAB;
    l->interpreter_id = 24;
    l->finalizing = 16;
    return true;
}

static bool interpreter_frames(struct layout *l, bool v312)
{
    l->state_to_top = 56;
    l->top_is_indirect = true;
    l->cframe_to_top = v312 ? 0 : 8;
    l->previous = v312 ? 8 : 48;
    l->code = v312 ? 0 : 32;
    l->instruction = 56;
    l->locals = 72;
    l->owner = v312 ? 70 : 69;
    l->code_bytes = v312 ? 192 : 184;
    l->file = 112;
    l->name = 128;
    l->first_line = v312 ? 68 : 72;
    l->line_table = 136;
    l->line_table_kind = GILSCOPE_LINE_TABLE_LOCATIONS;
    l->interpreter_id = v312 ? 8 : 48;
    l->finalizing = 24;
    return true;
}

static uint32_t most(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static void sizes(struct layout *l)
{
    bool slim = MINOR(l->hex) >= 12; /* PEP 623 */
    l->ascii_bytes = l->object_bytes + (slim ? 24 : 32);
    l->compact_bytes = l->ascii_bytes + (slim ? 16 : 24);
    l->frame_bytes = most(most(l->previous, l->code), l->instruction) + 8;
    if (l->owner >= 0)
        l->frame_bytes = most(l->frame_bytes, (uint32_t)l->owner + 1);
    if (l->local_copies)
        l->frame_bytes = most(l->frame_bytes, l->local_copy_index + 4);
}

struct layout layout_of(uint32_t hex, bool free_threaded, const void *runtime)
{
    struct layout l = {.hex = hex,
                       .free_threaded = free_threaded,
                       .code_mask = ~(uintptr_t)0,
                       .instruction_unit = 1,
                       .state_to_interpreter = 16,
                       .object_bytes = free_threaded ? 32 : 16,
                       .type = free_threaded ? 24 : 8};
    if (hex >> 24 != 3)
        return l;
    switch (MINOR(hex)) {
    case 9:
    case 10:
        l.known = frame_objects(&l, MINOR(hex) == 10);
        break;
    case 11:
    case 12:
        l.known = interpreter_frames(&l, MINOR(hex) == 12);
        break;
    default:
        l.known = from_debug_offsets(&l, runtime);
    }
    if (l.known)
        sizes(&l);
    return l;
}

bool layout_shared_instruction(const struct layout *l, const struct memory *memory, uintptr_t code,
                               const uint8_t *frame, uintptr_t *instruction)
{
    uintptr_t copies = 0, start = 0;
    int64_t count = 0;
    int32_t index;
    if (!l->local_copies)
        return true;
    memcpy(&index, frame + l->local_copy_index, sizeof index);
    if (!memory_pointer(memory, code + l->local_copies, &copies))
        return false;
    if (!copies)
        return true;
    /* struct _PyCodeArray: how many, and where each starts (Include/cpython/code.h). */
    if (!memory_copy(memory, copies, &count, sizeof count))
        return false;
    if (index < 0 || index >= count)
        return true;
    if (!memory_pointer(memory, copies + 8 + (uintptr_t)index * 8, &start))
        return false;
    if (start)
        *instruction += code + l->code_bytes - start;
    return true;
}
