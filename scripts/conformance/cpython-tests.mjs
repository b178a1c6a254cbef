// CPython's own tests that lean on threads, processes, signals or the interpreter's start, as each version names them.
import { spawnSync } from 'node:child_process';

/** A name, or the names it had in different versions. */
const names = [
  'test_thread',
  'test_threading',
  'test_threadedtempfile',
  'test_threadsignals',
  'test_threading_local',
  'test_queue',
  'test_importlib.test_locks',
  'test_importlib.test_threaded_import',
  'test_free_threading',
  'test_sched',
  'test_asyncio',
  'test_concurrent_futures',
  'test_multiprocessing_fork',
  'test_multiprocessing_spawn',
  'test_multiprocessing_forkserver',
  'test_multiprocessing_main_handling',
  'test_subprocess',
  'test_signal',
  'test_fork1',
  'test_wait3',
  'test_wait4',
  'test_faulthandler',
  'test_gc',
  'test_io',
  'test_socket',
  'test_selectors',
  'test_ssl',
  'test_sqlite',
  'test_sqlite3',
  'test_zlib',
  'test_hashlib',
  'test_embed',
  'test__xxsubinterpreters',
  'test__interpreters',
  'test_interpreters',
  'test_sys',
  'test_venv',
  'test_runpy',
  'test_pdb',
  'test_trace',
  'test_sys_settrace',
  'test_sys_setprofile',
  'test_monitoring',
];

/**
 * Up to CPython 3.12 a case of test_socket waits for ever for itself, with the probe and without, where the machine has
 * vsock but does not reach itself by it, as some virtual ones.
 */
const ENDLESS = { test_socket: 'ThreadedVSOCKSocketStreamTest' };
const WITH_ENDLESS = ['3.9', '3.10', '3.11', '3.12'];

/** What regrtest is to run of a module. */
export function argumentsFor(python, module) {
  const endless = WITH_ENDLESS.includes(python.minor) ? ENDLESS[module] : undefined;
  return endless === undefined ? [module] : ['--ignore', endless, module];
}

const question = `
import json, os, sys, test
from test.libregrtest import main
try:
    from test.libregrtest.findtests import SPLITTESTDIRS as split
except ImportError:
    try:
        from test.libregrtest.runtest import SPLITTESTDIRS as split
    except ImportError:
        split = ()
# Earlier versions run it as one, which takes minutes.
split = {*split, "test_asyncio"}
top = os.path.dirname(test.__file__)
def modules(name):
    folder = os.path.join(top, *name.split(".")[1:])
    for found in sorted({entry.split(".")[0] for entry in os.listdir(folder)}):
        if found.startswith("test_"):
            yield "%s.%s" % (name, found)
result = {}
for name in sys.argv[1:]:
    folder = os.path.join(top, *name.split("."))
    if os.path.isdir(folder):
        result[name] = list(modules("test." + name)) if name in split else [name]
    elif os.path.exists(folder + ".py"):
        result[name] = [name]
print(json.dumps(result))`;

/**
 * The tests of this interpreter: each name that it has with the modules that regrtest runs one by one.
 * Null where it has come without its tests.
 */
export function cpythonTests(python) {
  const done = spawnSync(python.path, ['-I', '-c', question, ...names], { encoding: 'utf8' });
  if (done.status !== 0) return null;
  const found = Object.entries(JSON.parse(done.stdout));
  return found.length < names.length / 2
    ? null
    : found.map(([name, modules]) => ({ name, modules }));
}
