/*
 * Takes anchors while all but one of their readings are interrupted by 2 ms, between the two clocks. Arguments: how many,
 * seed. Prints how many are off by more than 0.2 ms.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int real_gettime(clockid_t clock, struct timespec *t)
{
    return clock_gettime(clock, t);
}

static int interrupted_gettime(clockid_t clock, struct timespec *t);
#define clock_gettime interrupted_gettime
#include "../../server/interpreter/native/clock.h"
#undef clock_gettime

#define KIND 1u /* the processor's */
#define READINGS 5u
#define INTERRUPTION_NS 2000000.0
#define MOST_OFF_NS 200000.0

/* Bit by bit of the readings that come: is it interrupted. */
static unsigned interrupted;

static uint64_t real_ns(void)
{
    struct timespec t;
    real_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void interrupt(void)
{
    uint64_t until = real_ns() + (uint64_t)INTERRUPTION_NS;
    while (real_ns() < until)
        continue;
}

static int interrupted_gettime(clockid_t clock, struct timespec *t)
{
    int now = interrupted & 1, later = now && rand() % 2;
    interrupted >>= 1;
    if (now && !later)
        interrupt();
    int result = real_gettime(clock, t);
    if (later)
        interrupt();
    return result;
}

int main(int argc, char **argv)
{
    enum { MOST = 1000 };
    static struct clock_anchor anchors[MOST];
    int count = argc > 2 ? atoi(argv[1]) : 0, off = 0;
    if (count < 1 || count > MOST)
        return 2;
    srand((unsigned)atoi(argv[2]));
    struct clock_anchor first = clock_anchor(KIND);
    for (int i = 0; i < count; i++) {
        interrupted = (1u << READINGS) - 1 - (1u << (unsigned)rand() % READINGS);
        anchors[i] = clock_anchor(KIND);
    }
    interrupted = 0;
    struct clock_anchor last = clock_anchor(KIND);
    double rate = (double)(last.ns - first.ns) / (double)(last.ticks - first.ticks);
    for (int i = 0; i < count; i++) {
        double by_ticks = (double)(anchors[i].ticks - first.ticks) * rate;
        double difference = by_ticks - (double)(anchors[i].ns - first.ns);
        off += difference > MOST_OFF_NS || difference < -MOST_OFF_NS;
    }
    printf("%d\n", off);
    return 0;
}
