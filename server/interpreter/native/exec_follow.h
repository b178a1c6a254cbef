/* Following the program into what it executes: the environment that makes the next program record too. */
#ifndef GILSCOPE_EXEC_FOLLOW_H
#define GILSCOPE_EXEC_FOLLOW_H

#include "probe.h"

/*
 * Exec calls of this process are followed from now on, into traces beside its own. `folder` is absolute. False: they
 * cannot be, since the dynamic linker could not be told where the probe is.
 */
bool exec_follow_open(const struct probe_options *options, const char *folder);

/*
 * Bytes of room that exec_follow_environment() needs; 0: `path` is to be executed as it is. These two use nothing but
 * system calls and the stack, as they may run between vfork and exec. errno is kept.
 */
size_t exec_follow_room(const char *path, char *const environment[]);
enum exec_kind { EXEC_REPLACES, EXEC_SPAWNS };
char **exec_follow_environment(void *room, char *const environment[], enum exec_kind kind);

/* For a name that is looked for in PATH. */
size_t exec_follow_room_of_name(const char *name, char *const environment[]);

#endif
