/* The moments at which the modules are made whose functions the probe stands in for. */
#ifndef GILSCOPE_MODULE_HOOKS_H
#define GILSCOPE_MODULE_HOOKS_H

/* Puts hooks before the modules that are built in. Call before Python is initialised. */
void module_hooks_open(void *inittab);

/* The function to call instead of `init`, found under `symbol` in the library of a module. */
void *module_hook_for(const char *symbol, void *init);

#endif
