/* Starting with LD_PRELOAD: options come in the environment, and are gone before Python reads it. */
#include "exec_follow.h"
#include "option_variables.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

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
        probe_note_failure(folder, error);
        return;
    }
    dprintf(STDERR_FILENO, "gilscope: cannot record this program: %s\n", error);
    _exit(125);
}
