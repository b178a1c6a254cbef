/*
 * What looks like a libpython and handles a GIL as no known CPython does: for a test of what the probe says then. The
 * first argument says how:
 *
 *   usual         as CPython 3.9 to 3.15 does
 *   unsignalled   the GIL is taken without the signal that tells of it
 *   unreleased    it is given up without the signal that tells of it
 *   none          there is no GIL
 */
#include <pthread.h>
#include <string.h>
#include <time.h>

#define EXPORT __attribute__((visibility("default")))

/* The order of struct _gil_runtime_state (Include/internal/pycore_gil.h). */
static struct {
    unsigned long interval;
    void *last_holder;
    int locked;
    unsigned long switch_number;
    pthread_cond_t cond;
    pthread_mutex_t mutex;
    pthread_cond_t switch_cond;
    pthread_mutex_t switch_mutex;
} gil;

EXPORT char _PyRuntime[4096];

EXPORT const char *Py_GetVersion(void)
{
    return "3.99.0 (of a test)";
}

static void create_gil(void)
{
    pthread_mutex_init(&gil.mutex, NULL);
    pthread_mutex_init(&gil.switch_mutex, NULL);
    pthread_cond_init(&gil.cond, NULL);
    pthread_cond_init(&gil.switch_cond, NULL);
}

static void take_gil(int signals)
{
    struct timespec at_once = {0};
    pthread_mutex_lock(&gil.mutex);
    while (gil.locked)
        pthread_cond_timedwait(&gil.cond, &gil.mutex, &at_once);
    gil.locked = 1;
    pthread_mutex_lock(&gil.switch_mutex);
    if (signals)
        pthread_cond_signal(&gil.switch_cond);
    pthread_mutex_unlock(&gil.switch_mutex);
    pthread_mutex_unlock(&gil.mutex);
}

static void drop_gil(int signals)
{
    pthread_mutex_lock(&gil.mutex);
    gil.locked = 0;
    if (signals)
        pthread_cond_signal(&gil.cond);
    pthread_mutex_unlock(&gil.mutex);
}

static void *work(void *how)
{
    for (int i = 0; i < 5; i++) {
        take_gil(strcmp(how, "unsignalled") != 0);
        drop_gil(strcmp(how, "unreleased") != 0);
    }
    return NULL;
}

EXPORT int Py_BytesMain(int argc, char **argv)
{
    char *how = argc > 1 ? argv[1] : "usual";
    pthread_t threads[2];
    if (!strcmp(how, "none"))
        return 0;
    create_gil();
    for (int i = 0; i < 2; i++) {
        pthread_create(&threads[i], NULL, work, how);
        pthread_join(threads[i], NULL);
    }
    return 0;
}
