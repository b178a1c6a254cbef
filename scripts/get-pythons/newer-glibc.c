/* Functions that a newer glibc has under new names, and this one under the old. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <wchar.h>

long __isoc23_strtol(const char *text, char **end, int base)
{
    return strtol(text, end, base);
}

unsigned long __isoc23_strtoul(const char *text, char **end, int base)
{
    return strtoul(text, end, base);
}

long __isoc23_wcstol(const wchar_t *text, wchar_t **end, int base)
{
    return wcstol(text, end, base);
}

int __isoc23_sscanf(const char *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int matched = vsscanf(text, format, args);
    va_end(args);
    return matched;
}
