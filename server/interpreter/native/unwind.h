/*
 * The C functions on the calling thread's stack, exactly, from the interpreter's .eh_frame. Reads memory only: no lock,
 * no allocation. Whatever the tables say, nothing is read but what lies in them, and on the stack at most 64 KB above a
 * frame. Format: System V ABI, LSB 5.0 chapter 10.6 (exception frames), DWARF 4 section 6.4.
 */
#ifndef GILSCOPE_UNWIND_H
#define GILSCOPE_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a function was called: the return address, and stack and frame pointer after the return. */
struct call_site {
    uintptr_t pc, sp, fp;
};

/* The site from which the function that uses this was called. */
#define CALLED_FROM                                                                                \
    ((struct call_site){(uintptr_t)__builtin_return_address(0), (uintptr_t)__builtin_dwarf_cfa(),  \
                        *(const uintptr_t *)__builtin_frame_address(0)})

/* How to leave the function of one return address. */
struct unwind_step {
    uintptr_t pc;
    uintptr_t function, bytes;
    int32_t cfa_offset, fp_at, ra_at; /* from the CFA; fp_at 0: the frame pointer is not saved */
    bool cfa_from_fp, known;
};

/* Where they lie: .eh_frame_hdr (null: there is none), and the segment with it, which has .eh_frame too. */
struct unwind_tables {
    const uint8_t *header, *start;
    uintptr_t bytes;
};

struct unwinder {
    const uint8_t
        *header;    /* .eh_frame_hdr of the interpreter, null: it has none that is understood */
    uint32_t count; /* of its entries */
    const uint8_t *tables;
    uintptr_t tables_bytes;
    uintptr_t low, high; /* its code */
};

void unwinder_open(struct unwinder *u, const struct unwind_tables *tables, uintptr_t low,
                   uintptr_t high);

/* Steps that were met, by their return address. Whoever shares one takes turns. Zeroed: empty. */
#define UNWIND_KNOWN_STEPS 64u
struct unwind_known {
    struct unwind_step steps[UNWIND_KNOWN_STEPS];
};

/*
 * How to leave the function that `at` is in, and `at` becomes its caller's. False: it is not the interpreter's, or cannot
 * be unwound.
 */
bool unwind_next(const struct unwinder *u, struct unwind_known *known, struct call_site *at,
                 struct unwind_step *step);

/* CFA offset in the middle of the function that starts there; 0: unknown. */
int32_t unwind_frame_size(const struct unwinder *u, uintptr_t function);

/* Whether the call that returns to `pc` named its target, rather than go by a pointer. */
bool unwind_is_direct_call(uintptr_t pc);

#endif
