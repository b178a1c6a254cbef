#include "sampler.h"
#include "probe.h"
#include "remote_memory.h"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FIRST_PERIOD_NS 1000000u
/*
 * After so much CPU time of samples the period follows from what a wake-up costs here: the thread takes 1/400 of a CPU at most (in the
 * first second, which is all of many a program, 1/100) …
 */
#define CPU_AT_ANY_COST_NS 12000000u
#define PERIOD_BY_COST 400u
#define FIRST_PERIOD_BY_COST 100u
#define FIRST_NS 1000000000u
/* … unless that made them rarer than this. */
#define LONGEST_PERIOD_NS 250000000u
/*
 * The thread wakes up more often than that, to keep room ready and the clock of the trace. No more often than it must: its
 * core may be half of the one on which the program runs, and where an idle core first spins, each time slows that.
 */
#define LONGEST_SLEEP_NS 64000000u
#define SHORTEST_SLEEP_NS 1000000u
/* Chunks that the writers may fill within a sleep. */
#define CHUNKS_A_SLEEP 8u
/* The second anchor fixes the rate of the clock: ± 100 ns of 50 ms are 2 millionths. */
#define ANCHOR_NS 50000000u
/*
 * So many frames of a stack are read in any case: with Python's own limit of recursion these are all. Of deeper ones as
 * many more as can be read in half of the time that a round may take at the longest period; the rest is said to be cut.
 */
#define SURE_FRAMES 1024u
#define FRAMES_BETWEEN_TIMES 256u
#define LONGEST_READ_NS (LONGEST_PERIOD_NS / PERIOD_BY_COST / 2)
/* Between two frames of Python is one of C code at most. */
#define MAX_LINKS (2 * MAX_FRAMES)
#define ATTEMPTS 3
/* How long its end is waited for: it may be making room on a slow disk. */
#define LONGEST_END_NS 1000000000u
#define SAMPLE_RECORD_BYTES 33u

struct sampler {
    struct stream stream;
    struct stack_table stacks;
    struct remote_memory remote;
    uint64_t random;
    uint64_t last_anchor_ns;
    uint64_t cpu_ns;        /* of this thread, before its sleep */
    uint64_t round_ns;      /* CPU time of a round of samples lately, with the sleep before it */
    uint64_t rounds_ns;     /* of all rounds */
    uint64_t left_ns;       /* to sleep until the next */
    uint64_t slept_ns;      /* the last sleep */
    uint32_t chunks_taken;  /* before it */
    uint32_t missed_thread; /* whose stack could not be read, and its CPU time then */
    uint64_t missed_cpu_ns;
    bool can_read;
    bool is_cut; /* the stack that was read last has more frames */
};

/* Whether no more frames are to be read after so many. */
static bool is_enough(const struct sampler *s, uint32_t count)
{
    if (count < SURE_FRAMES || count % FRAMES_BETWEEN_TIMES)
        return false;
    return count >= MAX_FRAMES || clock_ns(CLOCK_THREAD_CPUTIME_ID) - s->cpu_ns > LONGEST_READ_NS;
}

/* Frames of a thread state into the table, innermost first; -1: the memory changed under it. */
static int read_frames(struct sampler *s, uintptr_t state)
{
    const struct layout *l = &probe.layout;
    struct memory memory = s->stacks.memory;
    uint8_t bytes[256];
    uintptr_t frame;
    uint32_t count = 0;
    uintptr_t top;
    s->is_cut = false;
    if (!memory_copy(&memory, state + l->state_to_top, &top, sizeof top))
        return -1;
    frame = top;
    if (l->top_is_indirect && top &&
        !memory_copy(&memory, top + l->cframe_to_top, &frame, sizeof frame))
        return -1;
    for (uint32_t links = 0; frame && !s->is_cut; links++) {
        if (links == MAX_LINKS || (frame & 7) ||
            !memory_copy(&memory, frame, bytes, l->frame_bytes))
            return -1;
        uintptr_t code, previous, instruction = 0;
        memcpy(&previous, bytes + l->previous, sizeof previous);
        bool is_python = l->owner < 0 || bytes[l->owner] < 3;
        s->is_cut = is_python && is_enough(s, count);
        if (is_python && !s->is_cut) {
            memcpy(&code, bytes + l->code, sizeof code);
            memcpy(&instruction, bytes + l->instruction, l->frame_objects ? 4 : 8);
            code &= l->code_mask;
            if (!code || (code & 7) ||
                !layout_shared_instruction(l, &memory, code, bytes, &instruction))
                return -1;
            s->stacks.frames[count++] = (struct frame){code, instruction};
        }
        if (previous == frame)
            return -1;
        frame = previous;
    }
    return (int)count;
}

/* The instruction of a frame must lie in its code; else it was read in the middle of a change. */
static bool instructions_are_sound(struct sampler *s, int count)
{
    const struct layout *l = &probe.layout;
    for (int i = 0; i < count; i++) {
        struct frame *f = &s->stacks.frames[i];
        uintptr_t start = f->code + l->code_bytes;
        if (!l->frame_objects && (f->instruction + 2 < start || f->instruction - start > 1u << 24))
            return false;
    }
    return true;
}

static uint64_t cpu_ns(uint32_t thread)
{
    const struct thread_entry *entry =
        &probe.entries[thread / GILSCOPE_THREADS_PER_CHUNK][thread % GILSCOPE_THREADS_PER_CHUNK];
    return clock_ns(clock_of_thread(entry->tid));
}

static void write_sample(struct sampler *s, const struct gil *gil, uint32_t thread, uint64_t ticks,
                         uint32_t node)
{
    uint8_t *p = stream_room(&s->stream, SAMPLE_RECORD_BYTES, 0);
    if (!p) {
        atomic_fetch_add(&probe.file.header->lost_samples, 1);
        return;
    }
    *p++ = GILSCOPE_TAG_SAMPLE;
    p = put_u32(p, SAMPLE_RECORD_BYTES);
    p = put_u32(p, gil->index);
    p = put_u32(p, thread);
    p = put_u64(p, ticks);
    p = put_u32(p, node);
    stream_commit(&s->stream, put_u64(p, cpu_ns(thread)));
    probe.file.header->samples_taken++;
}

/* A thread that lost its core in the middle of a change stays there for many samples: that is one moment. */
static void count_missed(struct sampler *s, uint32_t thread)
{
    uint64_t ns = cpu_ns(thread);
    if (thread != s->missed_thread || ns != s->missed_cpu_ns)
        atomic_fetch_add(&probe.file.header->lost_samples, 1);
    s->missed_thread = thread;
    s->missed_cpu_ns = ns;
}

static void sample(struct sampler *s, struct gil *gil)
{
    uint32_t thread = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
        uint64_t seq = atomic_load_explicit(&gil->seq, memory_order_acquire);
        if (!(seq & 1))
            return;
        uintptr_t state = atomic_load_explicit(&gil->holder_state, memory_order_relaxed);
        thread = atomic_load_explicit(&gil->holder_thread, memory_order_relaxed);
        uint64_t ticks = clock_ticks(probe.clock);
        if (atomic_load_explicit(&gil->seq, memory_order_acquire) != seq)
            continue;
        remote_memory_begin(&s->remote, state);
        int count = read_frames(s, state);
        uint32_t node = 0;
        if (count > 0 && instructions_are_sound(s, count))
            node = stack_of_frames(&s->stacks, (uint32_t)count);
        if (atomic_load_explicit(&gil->seq, memory_order_acquire) != seq) {
            write_sample(s, gil, thread, ticks, GILSCOPE_RELEASE_NODE);
            return;
        }
        if (node || count == 0) {
            if (s->is_cut)
                trace_file_lose(&probe.file, GILSCOPE_LOST_STACK_CUT);
            write_sample(s, gil, thread, ticks, node);
            return;
        }
    }
    count_missed(s, thread);
}

/* At the end of the program its last thread writes the same, and the last word is its own. */
static void keep_time(struct sampler *s)
{
    if (atomic_flag_test_and_set(&probe.time_lock))
        return;
    struct trace_header *h = probe.file.header;
    trace_file_beat(&probe.file, clock_ticks(probe.clock));
    if (clock_ns(CLOCK_MONOTONIC) - s->last_anchor_ns >= ANCHOR_NS) {
        struct clock_anchor now = clock_anchor(probe.clock);
        s->last_anchor_ns = now.ns;
        trace_file_put_anchor(&probe.file, now, now.ns - h->anchor0_ns >= ANCHOR_NS);
        h->sampler_cpu_ns = probe.sampler_before_ns + s->cpu_ns;
        h->process_cpu_ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - probe.cpu_before_ns;
    }
    atomic_flag_clear(&probe.time_lock);
}

/* How long the writers may be left alone, by how fast they have filled chunks since the last look. */
static uint64_t longest_sleep_ns(struct sampler *s)
{
    uint32_t taken = atomic_load(&probe.file.taken), filled = taken - s->chunks_taken;
    uint64_t ns = filled ? s->slept_ns * CHUNKS_A_SLEEP / filled : LONGEST_SLEEP_NS;
    s->chunks_taken = taken;
    if (ns > LONGEST_SLEEP_NS)
        return LONGEST_SLEEP_NS;
    return ns < SHORTEST_SLEEP_NS ? SHORTEST_SLEEP_NS : ns;
}

/* Periods vary by a quarter, so that samples do not fall in step with the switch interval. */
static uint64_t next_period_ns(struct sampler *s)
{
    const struct trace_header *h = probe.file.header;
    bool is_first = s->last_anchor_ns < h->anchor0_ns + FIRST_NS;
    uint64_t period = h->sample_period_ns;
    uint64_t by_cost = s->round_ns * (is_first ? FIRST_PERIOD_BY_COST : PERIOD_BY_COST);
    if (!probe.options.sample_ns && s->rounds_ns >= CPU_AT_ANY_COST_NS && by_cost > period)
        period = by_cost < LONGEST_PERIOD_NS ? by_cost : LONGEST_PERIOD_NS;
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return period * 3 / 4 + s->random % (period / 2 + 1);
}

/* Whether samples are due after it. */
static bool sleep_on(struct sampler *s)
{
    if (!s->left_ns)
        s->left_ns = next_period_ns(s);
    uint64_t longest = longest_sleep_ns(s);
    uint64_t ns = s->left_ns;
    if (ns > longest) /* in equal parts */
        ns /= (ns + longest - 1) / longest;
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    bare_thread_sleep(&probe.sampler_stop, ns);
    s->slept_ns = clock_ns(CLOCK_MONOTONIC) - begun_ns;
    s->left_ns -= s->slept_ns < s->left_ns ? s->slept_ns : s->left_ns;
    return !s->left_ns;
}

static void sample_all(struct sampler *s)
{
    uint32_t count = atomic_load_explicit(&probe.gil_count, memory_order_acquire);
    if (s->can_read && atomic_load(&probe.frames) != GILSCOPE_FRAMES_SELF_TEST_FAILED)
        for (uint32_t i = 0; i < count; i++)
            if (probe.gils[i].live)
                sample(s, &probe.gils[i]);
    uint64_t ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - s->cpu_ns;
    s->round_ns = (s->round_ns * 3 + ns) / 4;
    s->rounds_ns += ns;
}

/* Its tables; after a pause, those from before it, so that its stream goes on. */
static void open_tables(struct sampler *s)
{
    struct memory remote = {remote_memory_copy, &s->remote};
    bool could_read = s->can_read, is_first = !s->stream.file;
    s->cpu_ns = 0;
    if (is_first) {
        s->random = clock_ticks(probe.clock) | 1;
        stream_open(&s->stream, &probe.file, GILSCOPE_CHUNK_KIND_SAMPLER, 0);
    }
    s->can_read =
        probe.layout.known && remote_memory_open(&s->remote) &&
        (s->stacks.nodes || stack_table_open(&s->stacks, &probe.layout, &s->stream, remote, false));
    if (probe.layout.known && !s->can_read && (is_first || could_read))
        probe_say("The probe's own thread could not look at stacks: without samples, long holds "
                  "are not split over lines.");
}

static void do_as_asked(void)
{
    struct sampler_call *call = &probe.sampler_call;
    uint32_t asked = SAMPLER_ASKED;
    atomic_compare_exchange_strong(&probe.sampler_stop, &asked, 0);
    asked = CALL_ASKED;
    if (!atomic_compare_exchange_strong(&call->state, &asked, CALL_GOES_ON))
        return;
    /* With the rights, and the root, that it began with; not before: the program sees the descriptors of its threads. */
    if (probe.sampler.has_own && probe.file.kept_descriptor < 0)
        probe.file.kept_descriptor = trace_file_reopen(&probe.file);
    call->result = syscall(call->number, call->a, call->b, call->c);
    atomic_store(&call->done, 1);
    bare_thread_wake(&call->done);
}

static void run(void)
{
    struct sampler *s = probe.sampler_state;
    open_tables(s);
    probe.file.kept_descriptor = probe.sampler.kept;
    while (atomic_load_explicit(&probe.sampler_stop, memory_order_acquire) != SAMPLER_STOP) {
        if (sleep_on(s))
            sample_all(s);
        do_as_asked();
        keep_time(s);
        lanes_watch_gil(s->can_read ? &s->remote : NULL);
        trace_file_prepare(&probe.file);
        thread_table_prepare();
        s->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    }
    probe.sampler_before_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

bool sampler_start(void)
{
    probe.file.header->sample_period_ns =
        probe.options.sample_ns ? probe.options.sample_ns : FIRST_PERIOD_NS;
    /* Not that of the process that forked this one. */
    probe.sampler_state = memory_reserve(sizeof *probe.sampler_state);
    probe.sampler_before_ns = 0;
    atomic_flag_clear(&probe.sampler_pause);
    atomic_store(&probe.sampler_stop, 0);
    atomic_store(&probe.sampler_call.state, CALL_NONE);
    bool started = probe.sampler_state && bare_thread_start(&probe.sampler, run, NO_DESCRIPTOR);
    atomic_store(&probe.sampler_runs, started);
    return started;
}

static bool take_turn(void)
{
    if (!probe_is_active() || probe.file.header->pid != (uint32_t)getpid() ||
        !atomic_load(&probe.sampler_runs))
        return false;
    /* Bounded: a signal handler may have come into another pause. */
    uint64_t begun_ns = clock_ns(CLOCK_MONOTONIC);
    while (atomic_flag_test_and_set(&probe.sampler_pause)) {
        if (clock_ns(CLOCK_MONOTONIC) - begun_ns > LONGEST_END_NS)
            return false;
        sched_yield();
    }
    return true;
}

static void end_for(struct sampler_pause *pause)
{
    pause->descriptor = trace_file_reopen(&probe.file);
    atomic_store(&probe.sampler_stop, SAMPLER_STOP);
    bare_thread_wake(&probe.sampler_stop);
    pause->ended = bare_thread_ended(&probe.sampler, LONGEST_END_NS);
}

bool sampler_pause(struct sampler_pause *pause)
{
    if (!take_turn())
        return false;
    end_for(pause);
    return true;
}

/* False: it failed, or the thread did not come to it and will not do it any more. */
static bool was_done(void)
{
    struct sampler_call *call = &probe.sampler_call;
    uint32_t state = 0;
    if (!probe.sampler.tid)
        return true; /* libc knows a common thread */
    atomic_store(&call->done, 0);
    atomic_store(&call->state, CALL_ASKED);
    if (!atomic_compare_exchange_strong(&probe.sampler_stop, &state, SAMPLER_ASKED) &&
        state == SAMPLER_STOP)
        return false; /* the program ends */
    bare_thread_wake(&probe.sampler_stop);
    while (!bare_thread_await(&call->done, LONGEST_END_NS)) {
        state = CALL_ASKED;
        if (atomic_compare_exchange_strong(&call->state, &state, CALL_NONE))
            return false;
    }
    atomic_store(&call->state, CALL_NONE);
    return call->result == 0;
}

void sampler_do(long number, long a, long b, long c)
{
    struct sampler_pause pause;
    if (!take_turn())
        return;
    struct sampler_call *call = &probe.sampler_call;
    call->number = number;
    call->a = a;
    call->b = b;
    call->c = c;
    if (was_done()) {
        atomic_flag_clear(&probe.sampler_pause);
        return;
    }
    end_for(&pause);
    sampler_resume(&pause);
}

/* One that did not end in time goes its way, and none takes its place. */
static bool start_again(const struct sampler_pause *pause)
{
    if (!pause->ended && !bare_thread_ended(&probe.sampler, LONGEST_END_NS))
        return false;
    atomic_store(&probe.sampler_stop, 0);
    return !atomic_load(&probe.sampler_runs) || /* the program ends */
           bare_thread_start(&probe.sampler, run, pause->descriptor);
}

void sampler_resume(const struct sampler_pause *pause)
{
    if (!start_again(pause) && atomic_exchange(&probe.sampler_runs, false))
        probe_say(
            "The program went where the probe could not start its own thread again: from then on "
            "no samples were taken, so long holds are not split over lines, and once the room that "
            "was ready in the trace is full there are only totals.");
    if (pause->descriptor >= 0)
        close(pause->descriptor);
    atomic_flag_clear(&probe.sampler_pause);
}

void sampler_end(void)
{
    uint64_t before_ns = probe.sampler_before_ns;
    if (!atomic_exchange(&probe.sampler_runs, false))
        return;
    atomic_store_explicit(&probe.sampler_stop, SAMPLER_STOP, memory_order_release);
    while (atomic_flag_test_and_set(&probe.time_lock))
        sched_yield();
    uint64_t cpu_ns = bare_thread_cpu_ns(&probe.sampler);
    if (cpu_ns)
        probe.file.header->sampler_cpu_ns = before_ns + cpu_ns;
}
