/*
 * A thread that the C library does not count. A second pthread would end the library's fast paths for programs of one
 * thread (plain stores instead of atomic ones in its mutexes), and a second user of the process's descriptors those of
 * the kernel (it then counts references in each read and write): such a program would be slower only because it is
 * watched. So the thread also has descriptors of its own, none at first, and a folder of its own.
 */
#ifndef GILSCOPE_BARE_THREAD_H
#define GILSCOPE_BARE_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct bare_thread {
    void *memory; /* its stack and thread-local storage; kept, and used again after a fork */
    int tid;      /* 0: it is a pthread */
    int kept;     /* the descriptor that it keeps, or NO_DESCRIPTOR */
    bool has_own; /* descriptors that nobody else sees, closes or uses again */
    _Atomic uint32_t closed; /* 1: it has closed its copies of the program's descriptors */
    pthread_t pthread;
};

/* A descriptor that such a thread keeps of the program's, which may close its own then; else NO_DESCRIPTOR. */
#define NO_DESCRIPTOR (-1)

/*
 * Runs `run` with all signals blocked. It may use system calls, atomics and errno, and nothing of the C library that
 * allocates, locks or keeps state for a thread. Where that cannot be had it is a common thread. False: neither could
 * be made. Not for hooks.
 */
bool bare_thread_start(struct bare_thread *thread, void (*run)(void), int kept_descriptor);

/* In it: sleeps as long as `word` is 0, `ns` at most. In another: ends that sleep, once the word is not 0. */
void bare_thread_sleep(_Atomic uint32_t *word, uint64_t ns);
/* Whether the word is not 0 within that time. */
bool bare_thread_await(_Atomic uint32_t *word, uint64_t most_ns);
void bare_thread_wake(_Atomic uint32_t *word);

/* Waits until the system, too, no longer knows it, `most_ns` at most; whether that is so. */
bool bare_thread_ended(const struct bare_thread *thread, uint64_t most_ns);

/* Its CPU time, ns; 0: unknown. */
uint64_t bare_thread_cpu_ns(const struct bare_thread *thread);

#endif
