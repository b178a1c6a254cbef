#include "lock_row.h"

#define ROW_BYTES 46u

bool lock_row_write(struct stream *stream, const struct lock *lock, const struct lock_row *row)
{
    uint8_t *p = stream_room(stream, ROW_BYTES, 0);
    if (!p)
        return false;
    *p++ = row->tag;
    p = put_u32(p, ROW_BYTES);
    p = put_u32(p, lock->number);
    p = put_u32(p, row->thread);
    p = put_u64(p, row->start);
    p = put_u64(p, row->end);
    p = put_u32(p, row->stack);
    p = put_u32(p, row->other);
    p = put_u32(p, row->other_stack);
    p = put_u32(p, row->weight);
    *p++ = row->flags;
    stream_commit(stream, p);
    return true;
}
