/*
 * Who called drop_gil. A release by the eval loop, because of a drop request, is forced: the thread wants the GIL back
 * at once. Any other release is voluntary, even where it finds a request pending.
 */
#ifndef GILSCOPE_DROP_CALLER_H
#define GILSCOPE_DROP_CALLER_H

#include "unwind.h"

struct drop_callers {
    struct unwinder unwinder;
    uintptr_t eval_frame;     /* _PyEval_EvalFrameDefault */
    int32_t eval_cfa_offset;  /* size of its C frame */
    uintptr_t handle_pending; /* _Py_HandlePending where it is exported (3.13+), else 0 */
};

enum drop_caller { DROP_CALLER_UNKNOWN, DROP_CALLER_EVAL_LOOP, DROP_CALLER_OTHER };

/* `low` to `high`: the interpreter's code. */
void drop_callers_open(struct drop_callers *c, const struct unwind_tables *tables, uintptr_t low,
                       uintptr_t high);

/* `known`: of this GIL. `released_from`: where drop_gil signalled that the GIL is free. For hooks. */
enum drop_caller drop_caller_of(const struct drop_callers *c, struct unwind_known *known,
                                struct call_site released_from);

#endif
