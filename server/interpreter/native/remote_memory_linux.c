#include "remote_memory.h"

#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* Blocks nearer than this are fetched as one: frames of 3.11 and later lie one after another. */
#define MERGE_GAP 512u
#define MAX_BLOCK 4096u
/* Memory comes and goes in pages of at least so many bytes. */
#define PAGE_BYTES 4096u

bool remote_memory_read(struct remote_memory *m, uintptr_t address, void *to, size_t bytes)
{
    if (m->fd >= 0)
        return pread(m->fd, to, bytes, (off_t)address) == (ssize_t)bytes;
    struct iovec local = {to, bytes}, remote = {(void *)address, bytes};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)bytes;
}

bool remote_memory_open(struct remote_memory *m)
{
    int probe = 42, copy = 0;
    m->fd = -1;
    m->block_count = m->used = m->cursor = m->habit = m->oldest_habit = 0;
    for (uint32_t i = 0; i < REMOTE_HABITS; i++)
        m->habits[i].of = m->habits[i].count = 0;
    if (remote_memory_read(m, (uintptr_t)&probe, &copy, sizeof copy) && copy == 42)
        return true;
    m->fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
    return m->fd >= 0 && remote_memory_read(m, (uintptr_t)&probe, &copy, sizeof copy) && copy == 42;
}

void remote_memory_close(struct remote_memory *m)
{
    if (m->fd >= 0)
        close(m->fd);
    m->fd = -1;
}

static struct remote_habit *choose_habit(struct remote_memory *m, uintptr_t of)
{
    for (m->habit = 0; m->habit < REMOTE_HABITS; m->habit++)
        if (m->habits[m->habit].of == of)
            return &m->habits[m->habit];
    m->habit = m->oldest_habit;
    m->oldest_habit = (m->oldest_habit + 1) % REMOTE_HABITS;
    m->habits[m->habit].of = of;
    m->habits[m->habit].count = 0;
    return &m->habits[m->habit];
}

/* The blocks of a habit, near ones as one. */
static void merge_blocks(struct remote_memory *m, const struct remote_habit *habit)
{
    m->block_count = m->used = 0;
    for (uint32_t i = 0; i < habit->count; i++) {
        struct remote_block w = habit->blocks[i];
        if (m->block_count) {
            struct remote_block *last = &m->blocks[m->block_count - 1];
            uintptr_t low = w.address < last->address ? w.address : last->address;
            uintptr_t end = w.address + w.bytes, last_end = last->address + last->bytes;
            uintptr_t high = end > last_end ? end : last_end;
            if (high - low <= last->bytes + w.bytes + MERGE_GAP && high - low <= MAX_BLOCK) {
                last->address = low;
                last->bytes = (uint32_t)(high - low);
                continue;
            }
        }
        m->blocks[m->block_count++] = w;
    }
    for (uint32_t i = 0; i < m->block_count; i++) {
        if (m->used + m->blocks[i].bytes > REMOTE_BYTES) {
            m->block_count = i;
            break;
        }
        m->blocks[i].at = m->used;
        m->used += m->blocks[i].bytes;
    }
}

void remote_memory_begin(struct remote_memory *m, uintptr_t of)
{
    struct iovec local = {m->buffer, 0}, remote[REMOTE_BLOCKS];
    struct remote_habit *habit = choose_habit(m, of);
    merge_blocks(m, habit);
    habit->count = m->cursor = 0;
    if (m->fd >= 0 || !m->block_count) {
        m->block_count = m->used = 0;
        return;
    }
    for (uint32_t i = 0; i < m->block_count; i++)
        remote[i] = (struct iovec){(void *)m->blocks[i].address, m->blocks[i].bytes};
    local.iov_len = m->used;
    ssize_t got = process_vm_readv(getpid(), &local, 1, remote, m->block_count, 0);
    /* A block that is gone ends the transfer: what is behind it is read singly. */
    uint32_t whole = 0;
    while (whole < m->block_count && (ssize_t)(m->blocks[whole].at + m->blocks[whole].bytes) <= got)
        whole++;
    m->block_count = whole;
}

static const uint8_t *fetched(struct remote_memory *m, uintptr_t address, size_t bytes)
{
    for (uint32_t n = 0; n < m->block_count; n++) {
        uint32_t i = (m->cursor + n) % m->block_count;
        const struct remote_block *b = &m->blocks[i];
        /* No sums: a garbage address at the very end of the address space would wrap around into the block. */
        uintptr_t at = address - b->address;
        if (address >= b->address && bytes <= b->bytes && at <= b->bytes - bytes) {
            m->cursor = i;
            return m->buffer + b->at + at;
        }
    }
    return NULL;
}

/* Reads all of the page: of a deep stack that is new, the frames that come next lie there too. */
static const uint8_t *fetch_page(struct remote_memory *m, uintptr_t address, size_t bytes)
{
    uintptr_t page = address & ~(uintptr_t)(PAGE_BYTES - 1);
    if (bytes > PAGE_BYTES - (address - page) || m->block_count == REMOTE_BLOCKS ||
        m->used + PAGE_BYTES > REMOTE_BYTES ||
        !remote_memory_read(m, page, m->buffer + m->used, PAGE_BYTES))
        return NULL;
    m->cursor = m->block_count++;
    m->blocks[m->cursor] = (struct remote_block){page, PAGE_BYTES, m->used};
    m->used += PAGE_BYTES;
    return m->buffer + m->blocks[m->cursor].at + (address - page);
}

bool remote_memory_copy(void *remote_memory, uintptr_t address, void *to, size_t bytes)
{
    struct remote_memory *m = remote_memory;
    const uint8_t *from = fetched(m, address, bytes);
    if (!from)
        from = fetch_page(m, address, bytes);
    if (from)
        memcpy(to, from, bytes);
    else if (!remote_memory_read(m, address, to, bytes))
        return false;
    struct remote_habit *habit = &m->habits[m->habit];
    if (habit->count < REMOTE_BLOCKS && bytes <= 1024)
        habit->blocks[habit->count++] = (struct remote_block){address, (uint32_t)bytes, 0};
    return true;
}
