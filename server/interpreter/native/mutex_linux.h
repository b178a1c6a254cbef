/* A look at a mutex without taking it. */
#ifndef GILSCOPE_MUTEX_LINUX_H
#define GILSCOPE_MUTEX_LINUX_H

#include <pthread.h>
#include <stdbool.h>

/* Whether nobody has the mutex; false also where its inside is not known. glibc: `__lock` comes first (struct_mutex.h). */
static inline bool mutex_is_free(const pthread_mutex_t *mutex)
{
#ifdef __GLIBC__
    return *(const volatile int *)(const void *)mutex == 0;
#else
    (void)mutex;
    return false;
#endif
}

#endif
