/* What a file would be if it were executed, told without running it. */
#ifndef GILSCOPE_EXEC_TARGET_H
#define GILSCOPE_EXEC_TARGET_H

enum exec_target {
    EXEC_TARGET_OTHER,    /* nothing to record, or it cannot be preloaded */
    EXEC_TARGET_PYTHON,   /* defines `_PyRuntime`, or needs a libpython */
    EXEC_TARGET_LAUNCHER, /* a shell, `env` and the like: starts what its arguments or a script say */
};

/* Finds the loader of this very process. Call once, early. */
void exec_target_open(void);

/* Uses nothing but system calls and the stack: it may run between vfork and exec. Changes errno. */
enum exec_target exec_target_of(const char *path);

#endif
