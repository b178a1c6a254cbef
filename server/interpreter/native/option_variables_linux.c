#include "option_variables.h"
#include "process_image.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool begins(const char *text, const char *with)
{
    return !strncmp(text, with, strlen(with));
}

/* Ours by its whole name: the user may have variables with our prefix. */
static bool is_ours(const char *variable)
{
    static const char *const NAMES[] = {VARIABLE_PREFIX "TRACE=", VARIABLE_PREFIX PRELOAD_VARIABLE,
#define NAME(name, member, base) VARIABLE_PREFIX name "=",
                                        NUMBER_OPTIONS(NAME)
#undef NAME
    };
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (begins(variable, NAMES[i]))
            return true;
    return false;
}

static uint64_t number_of(const char *name, int base)
{
    const char *value = getenv(name);
    return value ? strtoull(value, NULL, base) : 0;
}

static void wipe(char *text)
{
    memset(text, 0, strlen(text));
}

/* Ours is the first library of the last LD_PRELOAD; what follows is the user's. False: the user has none. */
static bool strip_preload(char *variable, bool is_only)
{
    char *value = variable + strlen(PRELOAD_VARIABLE);
    char *rest = value + strcspn(value, ": ");
    if (!is_only || !*rest)
        return false;
    size_t bytes = strlen(++rest), before = (size_t)(rest - value);
    memmove(value, rest, bytes + 1);
    memset(value + bytes + 1, 0, before - 1);
    return true;
}

static void strip_environment(void)
{
    char **to = environ, *last_preload = NULL;
    unsigned preloads = 0;
    const char *end = NULL;
    for (char **from = environ; *from; from++)
        if (begins(*from, PRELOAD_VARIABLE)) {
            last_preload = *from;
            preloads++;
        }
    for (char **from = environ; *from; from++) {
        bool ours = is_ours(*from) ||
                    (*from == last_preload && !strip_preload(last_preload, preloads == 1));
        if (ours) {
            wipe(*from);
            continue;
        }
        *to++ = *from;
        if (*from + strlen(*from) >= end)
            end = *from + strlen(*from) + 1;
    }
    *to = NULL;
    process_image_end_environment(end);
}

bool option_variables_take(struct probe_options *options, char *folder, size_t folder_bytes)
{
    const char *value = getenv(VARIABLE_PREFIX "TRACE");
    if (!value || strlen(value) >= folder_bytes)
        return false;
    strcpy(folder, value);
    *options = (struct probe_options){.folder = folder};
#define READ(name, member, base) options->member = number_of(VARIABLE_PREFIX name, base);
    NUMBER_OPTIONS(READ)
#undef READ
    strip_environment();
    return true;
}
