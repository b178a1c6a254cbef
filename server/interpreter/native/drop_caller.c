#include "drop_caller.h"

/* drop_gil, what it may be called through, and the function that is looked for. */
#define MOST_FUNCTIONS 6u
/* Up to 3.12 only two can be between: they are static. */
#define MOST_STATIC_FUNCTIONS 3u

void drop_callers_open(struct drop_callers *c, const struct unwind_tables *tables, uintptr_t low,
                       uintptr_t high)
{
    unwinder_open(&c->unwinder, tables, low, high);
    c->eval_cfa_offset = unwind_frame_size(&c->unwinder, c->eval_frame);
}

/* The compiler may have put unlikely parts of the eval loop elsewhere: they use the same C frame. */
static bool is_eval_frame(const struct drop_callers *c, const struct unwind_step *f)
{
    return f->function == c->eval_frame || f->cfa_offset == c->eval_cfa_offset;
}

/*
 * Up to 3.12 the function that handles requests is static, if it is one at all: the eval loop calls it, or drop_gil, by
 * name. C functions, into which a compiler may have put PyEval_SaveThread, it calls by pointer or through others.
 */
enum drop_caller drop_caller_of(const struct drop_callers *c, struct unwind_known *known,
                                struct call_site released_from)
{
    const uint32_t most = c->handle_pending ? MOST_FUNCTIONS : MOST_STATIC_FUNCTIONS;
    struct call_site at = released_from;
    struct unwind_step step;
    for (uint32_t i = 0; i < most; i++) {
        if (!unwind_next(&c->unwinder, known, &at, &step))
            return i ? DROP_CALLER_OTHER : DROP_CALLER_UNKNOWN;
        if (c->handle_pending ? step.function == c->handle_pending : is_eval_frame(c, &step))
            return c->handle_pending || unwind_is_direct_call(step.pc) ? DROP_CALLER_EVAL_LOOP
                                                                       : DROP_CALLER_OTHER;
    }
    return DROP_CALLER_OTHER;
}
