/*
 * The host: embeds the libpython of an environment and enters it as `python` itself would.
 *
 *   gilscope-host --gilscope-library LIBPYTHON --gilscope-trace FOLDER [--gilscope-max-bytes N]
 *                 [--gilscope-sample-ns N] [--gilscope-no-children 1] [--gilscope-open-files N]
 *                 [--gilscope-assume-hex HEX] -- EXECUTABLE [argument …]
 *
 * EXECUTABLE becomes argv[0], from which Python finds its prefix (Modules/getpath.py). Exit status: the program's;
 * 125 with one line on standard error where the host itself fails.
 */
#include "probe.h"
#include "process_image.h"

#include <dlfcn.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define OWN_FAULT 125

static int fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("gilscope: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return OWN_FAULT;
}

/* Options up to `--`; the index behind it, or 0 where something is missing. */
static int parse(int argc, char **argv, const char **library, struct probe_options *options)
{
    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--"))
            return *library && options->folder && i + 1 < argc ? i + 1 : 0;
        const char *name = argv[i], *value = ++i < argc ? argv[i] : "";
        if (!strcmp(name, "--gilscope-library"))
            *library = value;
        else if (!strcmp(name, "--gilscope-trace"))
            options->folder = value;
        else if (!strcmp(name, "--gilscope-max-bytes"))
            options->max_bytes = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--gilscope-sample-ns"))
            options->sample_ns = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--gilscope-no-children"))
            options->no_children = *value == '1';
        else if (!strcmp(name, "--gilscope-open-files"))
            options->open_files = strtoull(value, NULL, 10);
        else if (!strcmp(name, "--gilscope-assume-hex"))
            options->assume_hex = (uint32_t)strtoul(value, NULL, 16);
        else
            return 0;
    }
    return 0;
}

int main(int argc, char **argv)
{
    const char *library = NULL;
    struct probe_options options = {0};
    char error[512];
    int first = parse(argc, argv, &library, &options);
    if (!first)
        return fail(
            "the host needs --gilscope-library, --gilscope-trace, and `--` before the program");
    void *python = dlopen(library, RTLD_NOW | RTLD_GLOBAL);
    if (!python)
        return fail("cannot load the interpreter's library: %s", dlerror());
    int (*run)(int, char **);
    *(void **)&run = dlsym(python, "Py_BytesMain");
    if (!run)
        return fail("%s has no Py_BytesMain: it is not CPython 3.9 or later", library);
    process_image_start_arguments(argv[first]);
    if (!gilscope_probe_start(&options, python, error, sizeof error))
        return fail("cannot record this program: %s", error);
    /* ps and top show it as plain Python. */
    prctl(PR_SET_NAME, basename(argv[first]));
    return run(argc - first, argv + first);
}
