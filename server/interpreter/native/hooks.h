/* The functions that stand in the interpreter's GOT instead of libc's. */
#ifndef GILSCOPE_HOOKS_H
#define GILSCOPE_HOOKS_H

#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <sys/types.h>
#include <time.h>

/* The functions that the interpreter would have called. */
struct real_functions {
    int (*mutex_lock)(pthread_mutex_t *);
    int (*cond_signal)(pthread_cond_t *);
    int (*mutex_init)(pthread_mutex_t *, const pthread_mutexattr_t *);
    int (*cond_init)(pthread_cond_t *, const pthread_condattr_t *);
    int (*cond_wait)(pthread_cond_t *, pthread_mutex_t *);
    int (*cond_timedwait)(pthread_cond_t *, pthread_mutex_t *, const struct timespec *);
    int (*create)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    int (*setname)(pthread_t, const char *);
    FILE *(*open_file)(const char *, const char *);
    FILE *(*open_file64)(const char *, const char *);
    void *(*find_symbol)(void *, const char *);
    void (*exit_now)(int) __attribute__((noreturn));
    int (*sem_wait)(sem_t *);
    int (*sem_timedwait)(sem_t *, const struct timespec *);
    int (*sem_clockwait)(sem_t *, clockid_t, const struct timespec *);
    int (*sem_post)(sem_t *);
    int (*yield)(void);
};

/* A function of the interpreter's library to stand in for, and where the real one is kept. */
struct hook {
    const char *name, *version; /* version: the one that glibc has had since 2.3.2, or null */
    void *replacement;
    void **real;
};

/* Ends with a null name. */
const struct hook *hook_table(void);

#endif
