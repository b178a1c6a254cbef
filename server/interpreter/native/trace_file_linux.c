#include "trace_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * Chunks kept ready ahead of the writers, 20 of them for totals alone, and of these, with their pages in memory. At
 * 70 MB/s of events, more than twice what one GIL can make, the rest lasts 67 ms, longer than the probe's thread sleeps.
 */
#define READY_AHEAD 92u
#define POPULATED_AHEAD 12u
/* Calls before a full disk is tried again. */
#define PAUSE_AFTER_FAILURE 200u

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* A write beyond RLIMIT_FSIZE would raise SIGXFSZ in the user's program. */
static bool size_is_allowed(off_t bytes)
{
    struct rlimit limit;
    return getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
           (uint64_t)bytes <= (uint64_t)limit.rlim_cur;
}

/*
 * The file is open only while it grows: a program may count, close or reuse any descriptor, and what is behind one that
 * was kept could suddenly be the user's own file.
 */
int trace_file_reopen(const struct trace_file *file)
{
    struct stat now;
    int fd = open(file->path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return -1;
    if (fstat(fd, &now) == 0 && now.st_dev == file->device && now.st_ino == file->inode)
        return fd;
    close(fd);
    return errno = ENOENT, -1;
}

static bool map_segment(struct trace_file *file, int fd)
{
    off_t start = (off_t)(file->segment_count * SEGMENT_BYTES);
    int failed = posix_fallocate(fd, start, (off_t)SEGMENT_BYTES);
    if (failed)
        return errno = failed, false;
    void *memory = mmap(NULL, SEGMENT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, start);
    if (memory == MAP_FAILED)
        return false;
    /* Nothing is in it yet; else the first touch would read ahead, with some disks megabytes of zeros. */
    madvise(memory, SEGMENT_BYTES, MADV_RANDOM);
    file->segments[file->segment_count++] = memory;
    atomic_store_explicit(&file->ready, file->segment_count * CHUNKS_PER_SEGMENT,
                          memory_order_release);
    return true;
}

/* 0, or what it lacked: GILSCOPE_LOST_*. */
static uint32_t add_segment(struct trace_file *file)
{
    if (file->segment_count == MAX_SEGMENTS ||
        !size_is_allowed((off_t)((file->segment_count + 1) * SEGMENT_BYTES)))
        return errno = EFBIG, GILSCOPE_LOST_DISK_FULL;
    bool is_kept = file->kept_descriptor >= 0;
    int fd = is_kept ? file->kept_descriptor : trace_file_reopen(file);
    if (fd < 0)
        return GILSCOPE_LOST_NOT_REACHED;
    bool added = map_segment(file, fd);
    int error = errno;
    if (!is_kept)
        close(fd);
    errno = error;
    return added ? 0 : GILSCOPE_LOST_DISK_FULL;
}

/* FOLDER/PID.trace, or PID-1, PID-2, … after an earlier process of this number. */
static bool create_unique(struct trace_file *file, const char *folder)
{
    for (unsigned attempt = 0; attempt < 10000; attempt++) {
        int n = attempt == 0
                    ? snprintf(file->path, sizeof file->path, "%s/%d.trace", folder, (int)getpid())
                    : snprintf(file->path, sizeof file->path, "%s/%d-%u.trace", folder,
                               (int)getpid(), attempt);
        if (n < 0 || (size_t)n >= sizeof file->path)
            return errno = ENAMETOOLONG, false;
        int fd = open(file->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        struct stat made;
        if (fd >= 0 && fstat(fd, &made) == 0) {
            file->device = made.st_dev;
            file->inode = made.st_ino;
            close(fd);
            return true;
        }
        if (errno != EEXIST)
            return false;
    }
    return false;
}

bool trace_file_create(struct trace_file *file, const char *folder, uint64_t max_bytes, char *error,
                       size_t error_bytes)
{
    memset(file, 0, sizeof *file);
    file->kept_descriptor = -1;
    if (!create_unique(file, folder)) {
        snprintf(error, error_bytes, "cannot create a trace in %s: %s", folder, strerror(errno));
        return false;
    }
    if (add_segment(file)) {
        snprintf(error, error_bytes, "cannot make room for the trace %s: %s", file->path,
                 strerror(errno));
        unlink(file->path);
        return false;
    }
    uint64_t chunks = max_bytes / GILSCOPE_CHUNK_BYTES;
    uint64_t most = (uint64_t)MAX_SEGMENTS * CHUNKS_PER_SEGMENT - 2048;
    file->bound_chunks = (uint32_t)(chunks < 4 ? 4 : chunks > most ? most : chunks);
    file->header = (struct trace_header *)file->segments[0];
    file->gils = (struct gil_entry *)(file->segments[0] + GILSCOPE_GIL_TABLE_OFFSET);
    atomic_store(&file->taken, 1);
    atomic_store(&file->populated, 1);
    return true;
}

static void populate(struct trace_file *file)
{
    uint32_t wanted = atomic_load(&file->taken) + POPULATED_AHEAD;
    uint32_t ready = atomic_load(&file->ready);
    uint32_t from = atomic_load(&file->populated);
    for (; from < wanted && from < ready; from++)
        madvise(file->segments[from / CHUNKS_PER_SEGMENT] +
                    (size_t)(from % CHUNKS_PER_SEGMENT) * GILSCOPE_CHUNK_BYTES,
                GILSCOPE_CHUNK_BYTES, MADV_POPULATE_WRITE);
    atomic_store(&file->populated, from);
}

void trace_file_prepare(struct trace_file *file)
{
    uint32_t taken = atomic_load(&file->taken);
    bool wanted = taken < file->bound_chunks + BEYOND_FOR_THREADS;
    if (file->pause_growth) {
        file->pause_growth--;
    } else if (wanted && atomic_load(&file->ready) - taken < READY_AHEAD) {
        uint32_t lacked = add_segment(file);
        atomic_store(&file->growth_lacks, lacked);
        if (lacked)
            file->pause_growth = PAUSE_AFTER_FAILURE;
    }
    populate(file);
}

struct trace_header *trace_file_abandon(struct trace_file *file)
{
    struct trace_header *header = file->header;
    for (uint32_t i = 1; i < file->segment_count; i++)
        munmap(file->segments[i], SEGMENT_BYTES);
    memset(file, 0, sizeof *file);
    return header;
}

void trace_file_drop(struct trace_header *kept)
{
    munmap(kept, SEGMENT_BYTES);
}
