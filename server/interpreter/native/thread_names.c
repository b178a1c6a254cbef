#include "thread_names.h"
#include "probe.h"

#include <string.h>

/* Only there is `self` a Thread, so that asking for its name runs no code of the user's. */
static bool is_in_threading(const struct python_api *api, void *frame)
{
    void *code = api->get_attribute(frame, "f_code");
    void *file = code ? api->get_attribute(code, "co_filename") : NULL;
    const char *path = file ? api->as_utf8(file) : NULL;
    size_t n = path ? strlen(path) : 0;
    bool found = n >= 12 && !strcmp(path + n - 12, "threading.py");
    if (file)
        api->decref(file);
    if (code)
        api->decref(code);
    return found;
}

bool name_of_thread_in_frame(char *name, size_t bytes)
{
    const struct python_api *api = &probe.api;
    if (!api->get_frame || !api->get_attribute || !api->get_item || !api->as_utf8 || !api->decref ||
        !api->error_occurred || !api->error_clear || api->error_occurred())
        return false;
    void *frame = api->get_frame(); /* borrowed */
    if (frame && !is_in_threading(api, frame))
        frame = NULL;
    void *locals = frame ? api->get_attribute(frame, "f_locals") : NULL;
    void *self = locals ? api->get_item(locals, "self") : NULL;
    void *text = self ? api->get_attribute(self, "_name") : NULL;
    const char *utf8 = text ? api->as_utf8(text) : NULL;
    if (utf8) {
        strncpy(name, utf8, bytes - 1);
        name[bytes - 1] = 0;
    }
    if (text)
        api->decref(text);
    if (self)
        api->decref(self);
    if (locals)
        api->decref(locals);
    if (api->error_occurred())
        api->error_clear();
    return utf8 != NULL;
}
