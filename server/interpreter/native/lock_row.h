/* Records of waits for locks and of holds, in any stream. */
#ifndef GILSCOPE_LOCK_ROW_H
#define GILSCOPE_LOCK_ROW_H

#include "lock_table.h"

struct lock_row {
    uint8_t tag, flags;
    uint32_t thread, stack, other, other_stack, weight;
    uint64_t start, end;
};

/* False: there is no room. */
bool lock_row_write(struct stream *stream, const struct lock *lock, const struct lock_row *row);

#endif
