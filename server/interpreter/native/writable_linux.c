#include "python_patch.h"

#include <stdio.h>

bool memory_is_writable(uintptr_t address)
{
    char line[512];
    bool writable = false;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (!maps)
        return false;
    while (fgets(line, sizeof line, maps)) {
        unsigned long low, high;
        char access[8];
        if (sscanf(line, "%lx-%lx %7s", &low, &high, access) == 3 && address >= low &&
            address < high) {
            writable = access[1] == 'w';
            break;
        }
    }
    fclose(maps);
    return writable;
}
