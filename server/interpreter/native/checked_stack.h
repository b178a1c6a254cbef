/*
 * Only for builds that AddressSanitizer checks. In the child of a fork libc gives new threads the stacks of those that the
 * fork ended in the middle of a function, around whose variables the borders are still marked. ASan wipes a new thread's
 * stack where it sees pthread_create; in a static interpreter libc's own comes before it. So does libc's vfork, whose
 * child marks borders on the stack of its parent, and leaves them there when it becomes another program.
 */
#ifndef GILSCOPE_CHECKED_STACK_H
#define GILSCOPE_CHECKED_STACK_H

#ifdef __SANITIZE_ADDRESS__
#include <pthread.h>
#include <sanitizer/asan_interface.h>
#include <stdint.h>

/* For the first function of a thread: what is below it on the stack was never used. */
static __attribute__((noinline, unused, no_sanitize("address"))) void checked_stack_begin(void)
{
    pthread_attr_t attributes;
    void *low;
    size_t bytes;
    if (pthread_getattr_np(pthread_self(), &attributes) != 0)
        return;
    if (pthread_attr_getstack(&attributes, &low, &bytes) == 0)
        __asan_unpoison_memory_region(low, (uintptr_t)__builtin_frame_address(0) - (uintptr_t)low);
    pthread_attr_destroy(&attributes);
}

void __asan_handle_no_return(void);

/* Before a call that may take the program away: no borders are left on the stack. */
static inline void checked_stack_leave(void)
{
    __asan_handle_no_return();
}
#else
static inline void checked_stack_begin(void) {}
static inline void checked_stack_leave(void) {}
#endif

#endif
