#include "drop_caller.h"

/* drop_gil, what it may be called through, and the eval loop. */
#define MOST_FUNCTIONS 6u

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

enum drop_caller drop_caller_of(const struct drop_callers *c, struct unwind_known *known,
                                struct call_site released_from)
{
    struct unwind_step steps[MOST_FUNCTIONS];
    uint32_t count = unwind_functions(&c->unwinder, known, released_from, steps, MOST_FUNCTIONS);
    if (!count)
        return DROP_CALLER_UNKNOWN;
    if (c->handle_pending) {
        for (uint32_t i = 0; i < count; i++)
            if (steps[i].function == c->handle_pending)
                return DROP_CALLER_EVAL_LOOP;
        return DROP_CALLER_OTHER;
    }
    /*
     * Up to 3.12 the function is static, if it is one at all: the eval loop calls it, or drop_gil, by name. C functions,
     * into which a compiler may have put PyEval_SaveThread, it calls by pointer or through others.
     */
    for (uint32_t i = 0; i < count && i <= 2; i++)
        if (is_eval_frame(c, &steps[i]))
            return unwind_is_direct_call(steps[i].pc) ? DROP_CALLER_EVAL_LOOP : DROP_CALLER_OTHER;
    return DROP_CALLER_OTHER;
}
