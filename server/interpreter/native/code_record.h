/* Describing code objects in a stream. */
#ifndef GILSCOPE_CODE_RECORD_H
#define GILSCOPE_CODE_RECORD_H

#include "layout.h"
#include "memory.h"
#include "stream.h"

/* Writes the CODE record (and TABLE records) of a code object. False: unreadable, not a code object, or no room. */
bool code_record_write(struct stream *stream, const struct layout *layout,
                       const struct memory *memory, uintptr_t code, uint32_t id);

/* Changes when another code object takes the same address. 0: unreadable. */
uint64_t code_fingerprint(const struct layout *layout, const struct memory *memory, uintptr_t code);

#endif
