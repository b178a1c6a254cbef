/* Describing code objects in a stream. */
#ifndef GILSCOPE_CODE_RECORD_H
#define GILSCOPE_CODE_RECORD_H

#include "layout.h"
#include "memory.h"
#include "stream.h"

/* Writes the CODE record (and TABLE records) of a code object. False: unreadable, not a code object, or no room. */
bool code_record_write(struct stream *stream, const struct layout *layout,
                       const struct memory *memory, uintptr_t code, uint32_t id);

/* Counts the code objects that are freed, in probe.codes_freed, by their place. */
void code_frees_watch(void);

/* Of what code_record_write() writes, with only the ends of long texts. 0: unreadable. */
uint64_t code_print(const struct layout *layout, const struct memory *memory, uintptr_t code);

/*
 * Cheaper: changes when another code object takes the same address, unless its parts take those of the old one's.
 * 0: unreadable.
 */
uint64_t code_fingerprint(const struct layout *layout, const struct memory *memory, uintptr_t code);

#endif
