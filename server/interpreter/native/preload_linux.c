/* Starting with LD_PRELOAD: options come in the environment, and are gone before Python reads it. */
#include "exec_follow.h"
#include "option_variables.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A followed program runs on whatever happens; the reader of the run learns why it is missing. */
static void note_failure(const char *folder, const char *error)
{
    char path[4096 + 32];
    snprintf(path, sizeof path, "%s/%d.failed", folder, (int)getpid());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return;
    dprintf(fd, "%s\n", error);
    close(fd);
}

__attribute__((constructor)) static void start_preloaded(void)
{
    static char folder[4096];
    char error[512];
    struct probe_options options;
    if (!option_variables_take(&options, folder, sizeof folder))
        return;
    /* A program that is no Python, such as `env` or a shell, only hands the options on to the ones it starts. */
    if (!dlsym(RTLD_DEFAULT, "_PyRuntime")) {
        exec_follow_open(&options, folder);
        return;
    }
    probe.preloaded = true;
    if (gilscope_probe_start(&options, NULL, error, sizeof error))
        return;
    if (options.parent_pid) {
        note_failure(folder, error);
        return;
    }
    dprintf(STDERR_FILENO, "gilscope: cannot record this program: %s\n", error);
    _exit(125);
}
