/*
 * The kernel shows what lies between arg_start … arg_end and env_start … env_end of the process (proc(5)); a process may
 * move these borders by PR_SET_MM_MAP (prctl(2), Linux 3.18), where the kernel was built with that. Where it was not, it
 * goes on showing what there was.
 */
#include "process_image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* Fields of /proc/self/stat. */
enum {
    START_CODE = 26,
    END_CODE = 27,
    START_STACK = 28,
    START_DATA = 45,
    END_DATA,
    START_BRK,
    ARG_START,
    ARG_END,
    ENV_START,
    ENV_END
};

static bool read_borders(struct prctl_mm_map *map)
{
    char text[2048];
    uint64_t fields[ENV_END + 1] = {0};
    int fd = open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    if (n <= 0)
        return false;
    text[n] = 0;
    char *at = strrchr(text, ')'); /* end of field 2, which may contain spaces */
    for (int field = 3; at && (at = strchr(at, ' ')) && field <= ENV_END; field++)
        fields[field] = strtoull(++at, NULL, 10);
    *map = (struct prctl_mm_map){.start_code = fields[START_CODE],
                                 .end_code = fields[END_CODE],
                                 .start_data = fields[START_DATA],
                                 .end_data = fields[END_DATA],
                                 .start_brk = fields[START_BRK],
                                 .brk = (uint64_t)(uintptr_t)sbrk(0),
                                 .start_stack = fields[START_STACK],
                                 .arg_start = fields[ARG_START],
                                 .arg_end = fields[ARG_END],
                                 .env_start = fields[ENV_START],
                                 .env_end = fields[ENV_END],
                                 .exe_fd = (uint32_t)-1};
    return fields[ENV_END] != 0;
}

static void set_borders(struct prctl_mm_map *map)
{
    int error = errno;
    prctl(PR_SET_MM, PR_SET_MM_MAP, (unsigned long)map, sizeof *map, 0);
    errno = error;
}

void process_image_start_arguments(const char *first)
{
    struct prctl_mm_map map;
    uint64_t start = (uint64_t)(uintptr_t)first;
    if (!read_borders(&map) || start <= map.arg_start || start >= map.arg_end)
        return;
    map.arg_start = start;
    set_borders(&map);
}

void process_image_end_environment(const char *end)
{
    struct prctl_mm_map map;
    uint64_t at = (uint64_t)(uintptr_t)end;
    if (!read_borders(&map))
        return;
    if (!end)
        at = map.env_start;
    if (at < map.env_start || at >= map.env_end)
        return;
    map.env_end = at;
    set_borders(&map);
}
