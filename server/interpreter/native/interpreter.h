/* The interpreter that is traced: its symbols and the slots of its GOT. */
#ifndef GILSCOPE_INTERPRETER_H
#define GILSCOPE_INTERPRETER_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Finds the loaded object that defines `_PyRuntime` (from `library`, a dlopen handle, or null: anywhere) and fills in
 * probe.layout, .api, .version, .library and the addresses. False: there is none.
 */
bool interpreter_find(void *library);

/* Puts the hooks in its GOT. False: `error` says why not, and nothing is patched. */
bool interpreter_hook(char *error, size_t error_bytes);

#endif
