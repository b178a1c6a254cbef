/* Starting with LD_PRELOAD: options come in the environment, and are gone before Python reads it. */
#include "probe.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void take_option(const char *name, char *to, size_t bytes)
{
    const char *value = getenv(name);
    to[0] = 0;
    if (value && strlen(value) < bytes)
        strcpy(to, value);
    unsetenv(name);
}

static void restore_preload(void)
{
    char users[4096];
    take_option("GILSCOPE_LD_PRELOAD", users, sizeof users);
    if (users[0])
        setenv("LD_PRELOAD", users, 1);
    else
        unsetenv("LD_PRELOAD");
}

__attribute__((constructor)) static void start_preloaded(void)
{
    static char folder[4096];
    char max_bytes[32], sample_ns[32], no_children[8], open_files[32], assume[32], error[512];
    /* A program that is no Python, such as `env` or `timeout`, hands the options on to the one it starts. */
    if (!getenv("GILSCOPE_TRACE") || !dlsym(RTLD_DEFAULT, "_PyRuntime"))
        return;
    take_option("GILSCOPE_TRACE", folder, sizeof folder);
    take_option("GILSCOPE_MAX_BYTES", max_bytes, sizeof max_bytes);
    take_option("GILSCOPE_SAMPLE_NS", sample_ns, sizeof sample_ns);
    take_option("GILSCOPE_NO_CHILDREN", no_children, sizeof no_children);
    take_option("GILSCOPE_OPEN_FILES", open_files, sizeof open_files);
    take_option("GILSCOPE_ASSUME_HEX", assume, sizeof assume);
    restore_preload();
    struct probe_options options = {.folder = folder,
                                    .max_bytes = strtoull(max_bytes, NULL, 10),
                                    .sample_ns = strtoull(sample_ns, NULL, 10),
                                    .no_children = no_children[0] == '1',
                                    .open_files = strtoull(open_files, NULL, 10),
                                    .assume_hex = (uint32_t)strtoul(assume, NULL, 16)};
    probe.preloaded = true;
    if (gilscope_probe_start(&options, NULL, error, sizeof error))
        return;
    dprintf(STDERR_FILENO, "gilscope: cannot record this program: %s\n", error);
    _exit(125);
}
