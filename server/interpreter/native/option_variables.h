/*
 * The probe's options as variables of the environment, in which preloaded processes get them. They are added at the
 * exec alone, behind the user's variables, and are gone before the program's own code runs.
 */
#ifndef GILSCOPE_OPTION_VARIABLES_H
#define GILSCOPE_OPTION_VARIABLES_H

#include "probe.h"

#define VARIABLE_PREFIX "GILSCOPE_"
#define PRELOAD_VARIABLE "LD_PRELOAD="

/* Names behind the prefix, and members of struct probe_options: numbers, and the base in which they are written. */
#define NUMBER_OPTIONS(X)                                                                          \
    X("MAX_BYTES", max_bytes, 10)                                                                  \
    X("SAMPLE_NS", sample_ns, 10)                                                                  \
    X("NO_CHILDREN", no_children, 10)                                                              \
    X("OPEN_FILES", open_files, 10)                                                                \
    X("PARENT", parent_pid, 10)                                                                    \
    X("ASSUME_HEX", assume_hex, 16)

/*
 * Reads the options, and takes their variables out of `environ`, the user's LD_PRELOAD being put back, and out of
 * /proc/self/environ as far as the kernel lets. False: this process is not to be recorded.
 */
bool option_variables_take(struct probe_options *options, char *folder, size_t folder_bytes);

#endif
