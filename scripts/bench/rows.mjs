// The programs of the benchmark: each says by itself how long a unit of its work takes.

/**
 * Of programs that only compute. Being stopped leaves caches cold, those of the probe too: that costs about 1 % of a turn
 * of 40 ms, more than the probe. Few turns, since runs differ by where their memory lies more than turns do.
 */
const LONG_TURNS = { count: 12, seconds: 0.4 };

/**
 * name; program in test/fixtures/bench/ and its arguments; `unit`: what the nanoseconds are of; `goal` for the ratio;
 * `turns`: others than usual; `needs`: a package; `sinceMinor`: of CPython 3; `server`: it is put under load from
 * outside; `whole`: the process is timed from outside. All but the latter two work in turns.
 */
export const benchRows = [
  {
    name: 'computing, 2 threads',
    program: 'cpu_threads.py',
    args: [2, 400_000, 20],
    unit: 'loop',
    goal: 1.01,
    turns: LONG_TURNS,
  },
  {
    name: 'computing, 4 threads',
    program: 'cpu_threads.py',
    args: [4, 400_000, 20],
    unit: 'loop',
    goal: 1.01,
    turns: LONG_TURNS,
  },
  {
    name: 'computing, a thread each 10 ms',
    program: 'cpu_threads.py',
    args: [4, 400_000, 20, 'anew'],
    unit: 'loop',
    goal: 1.01,
    turns: LONG_TURNS,
  },
  {
    name: 'calling functions, 2 threads',
    program: 'call_threads.py',
    args: [8],
    unit: 'call',
    goal: 1.01,
    turns: LONG_TURNS,
  },
  {
    name: 'NumPy, 2 threads',
    program: 'numpy_threads.py',
    args: [24],
    unit: 'operation',
    goal: 1.01,
    needs: 'numpy',
  },
  { name: 'reading files, 8 threads', program: 'io_threads.py', args: [300, 20], unit: 'read' },
  { name: 'pipe loop, single-threaded', program: 'pipe_loop.py', args: [300_000], unit: 'cycle' },
  {
    name: 'pipe loop, beside the main thread',
    program: 'pipe_loop.py',
    args: [300_000, 'thread'],
    unit: 'cycle',
  },
  {
    name: 'pipe ping-pong, 2 threads',
    program: 'pipe_ping_pong.py',
    args: [20_000],
    unit: 'cycle',
    goal: 1.1,
  },
  { name: 'short threads', program: 'short_threads.py', args: [4000], unit: 'thread' },
  { name: '200 threads', program: 'many_threads.py', args: [200, 20, 5], unit: 'turn', turns: 30 },
  {
    name: 'deep recursion, 3,000 frames',
    program: 'deep_recursion.py',
    args: [3000, 150],
    unit: 'cycle',
  },
  {
    name: 'pool of 2 processes',
    program: 'pool_map.py',
    args: ['pool', 2, 50, 20],
    unit: 'task',
  },
  {
    name: 'executor of 2 processes',
    program: 'pool_map.py',
    args: ['executor', 2, 50, 20],
    unit: 'task',
  },
  {
    name: 'own GILs, 2 interpreters',
    program: 'own_gils.py',
    args: [2, 100_000, 20],
    unit: 'loop',
    sinceMinor: 12,
  },
  {
    name: 'asyncio with an executor',
    program: 'asyncio_executor.py',
    args: [8, 10, 20],
    unit: 'work',
  },
  {
    name: 'a lock nobody else wants',
    program: 'lock_uncontended.py',
    args: [3_000_000],
    unit: 'acquisition',
    goal: 1.3,
  },
  {
    name: 'a lock of 4 threads',
    program: 'lock_contended.py',
    args: [4, 10_000],
    unit: 'acquisition',
  },
  {
    name: 'queue between threads',
    program: 'queue_pipeline.py',
    args: [20_000],
    unit: 'job',
  },
  { name: 'asyncio server', program: 'asyncio_server.py', args: [], unit: 'request', server: true },
  {
    name: 'WSGI server, 4 threads',
    program: 'wsgi_server.py',
    args: [],
    unit: 'request',
    server: true,
    needs: 'waitress',
  },
  { name: 'start to kept profile', program: 'startup.py', args: [], unit: 'run', whole: true },
];
