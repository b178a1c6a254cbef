/*
 * Where CPython keeps frames and code, as byte offsets, for each version that is known.
 * Source: Include/cpython/pystate.h, Include/internal/pycore_frame.h and pycore_runtime.h,
 * Include/cpython/code.h of each version; from
 * 3.13 on read from `_Py_DebugOffsets` at the start of `_PyRuntime` (Include/internal/pycore_debug_offsets.h).
 */
#ifndef GILSCOPE_LAYOUT_H
#define GILSCOPE_LAYOUT_H

#include "memory.h"

#include <stdbool.h>
#include <stdint.h>

struct layout {
    _Alignas(CACHE_LINE_BYTES) uint32_t hex; /* PY_VERSION_HEX */
    bool known;                              /* else there are no stacks */
    bool free_threaded;
    uint32_t finalizing;    /* in _PyRuntime: the thread state that ends the interpreter, or null */
    uint32_t state_to_top;  /* thread state → frame, or → cframe */
    bool top_is_indirect;   /* 3.11, 3.12: through the cframe … */
    uint32_t cframe_to_top; /* … at this offset */
    uint32_t previous, code, instruction;
    bool frame_objects;        /* 3.9, 3.10: PyFrameObject, and the instruction is an int … */
    uint32_t instruction_unit; /* … of so many bytes */
    uintptr_t code_mask;       /* 3.14: references carry tag bits */
    uint32_t locals;           /* of the frame: the first of them */
    int32_t owner;             /* of the frame, -1: none; frames of owner ≥ 3 are not Python's */
    uint32_t code_bytes;       /* start of the instructions in a code object */
    /* Free-threaded 3.14: copies of the instructions, one a thread, in a code object, and which one a frame runs; or 0. */
    uint32_t local_copies, local_copy_index;
    uint32_t file, name, first_line, line_table;
    uint32_t line_table_kind; /* GILSCOPE_LINE_TABLE_* */
    uint32_t type;            /* ob_type in an object */
    uint32_t object_bytes;    /* sizeof(PyObject) */
    uint32_t ascii_bytes;     /* sizeof(PyASCIIObject): text of an ASCII str */
    uint32_t compact_bytes;   /* sizeof(PyCompactUnicodeObject): text of any other */
    uint32_t state_to_interpreter, interpreter_id;
    /* In _PyRuntime: the first interpreter; in one: the next; its size. 0 before 3.13. */
    uint32_t interpreters, next_interpreter, interpreter_bytes;
    uint32_t frame_bytes; /* of a frame, as far as these offsets reach */
};

/* Number of the interpreter that a thread state belongs to; the main one's is 0. The layout must have been found sound. */
static inline int64_t layout_interpreter(const struct layout *l, uintptr_t state)
{
    uintptr_t interpreter = *(const uintptr_t *)(state + l->state_to_interpreter);
    return interpreter ? *(const int64_t *)(interpreter + l->interpreter_id) : -1;
}

/* `hex` PY_VERSION_HEX; `runtime` the address of `_PyRuntime`. Unknown versions give `known` false. */
struct layout layout_of(uint32_t hex, bool free_threaded, const void *runtime);

/*
 * Of an instruction that a frame runs: the same one in the code object itself, where the frame runs a copy of them (co_tlbc,
 * thread-local bytecode, with a GIL or without). `frame` has `frame_bytes`. False: the memory is gone.
 */
bool layout_shared_instruction(const struct layout *l, const struct memory *memory, uintptr_t code,
                               const uint8_t *frame, uintptr_t *instruction);

#endif
