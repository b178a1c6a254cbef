/** `gilscope export` and `gilscope compare` from outside, on profiles of real programs. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { Profile } from '../../server/protocol';
import type { Comparison } from '../../server/protocol-comparison';
import { readPerfetto } from '../support/perfetto-trace';
import { freePythons, gilPythons } from '../support/pythons';
import { runProcess, type Ended } from '../support/run-profile';
import { temporaryFolder } from '../unit/interpreter/fake-python';

const cli = resolve('dist/cli.js');
const python = gilPythons().at(-1)?.path ?? '';

function gilscope(args: readonly string[], cwd: string): Promise<Ended> {
  return runProcess(process.execPath, [cli, ...args], { cwd });
}

/** The poller sleeps `naps` times while the other thread computes. */
const program = (naps: number, ...above: string[]): string =>
  [
    ...above,
    'import threading, time',
    'done = False',
    'def compute():',
    '    while not done:',
    '        sum(range(3000))',
    'def poll():',
    `    for _ in range(${naps}):`,
    '        time.sleep(0.001)',
    'worker = threading.Thread(target=compute, name="worker")',
    'worker.start()',
    'poll()',
    'done = True',
    'worker.join()',
    '',
  ].join('\n');

/** In the program twice, and once in its child, a thread waits for a lock; its holder goes on when it is about to. */
const CONTENDED = `
import os, threading, time
def contend():
    lock = threading.Lock()
    asks = threading.Event()
    def want():
        asks.set()
        with lock:
            pass
    with lock:
        other = threading.Thread(target=want)
        other.start()
        asks.wait()
        time.sleep(0.3)
    other.join()
contend()
child = os.fork()
contend()
if child:
    os.waitpid(child, 0)
`;

async function record(
  cwd: string,
  name: string,
  source: string,
  interpreter = python,
  code = 0,
): Promise<void> {
  const script = join(cwd, 'app.py');
  writeFileSync(script, source);
  // Older than the run: then its text is known to be that which ran.
  utimesSync(script, 1, 1);
  const args = ['run', '--quiet', '--python', interpreter, '--out', `${name}.gilscope`];
  const ended = await gilscope([...args, '--json', `${name}.json`, 'app.py'], cwd);
  assert.equal(ended.code, code, ended.stderr);
}

const readJson = (...path: string[]): unknown => JSON.parse(readFileSync(join(...path), 'utf8'));

describe('gilscope export', () => {
  it('writes what each tool reads, with the numbers of the profile', async (t) => {
    const cwd = temporaryFolder(t);
    await record(cwd, 'a', program(40));
    const profile = readJson(cwd, 'a.json') as Profile;
    const sum = (of: (row: Profile['threads'][number]) => number): number =>
      profile.threads.reduce((total, row) => total + of(row), 0);
    for (const format of ['perfetto', 'firefox', 'speedscope', 'pprof', 'csv']) {
      const ended = await gilscope(['export', 'a.gilscope', '--to', format, '--out', format], cwd);
      assert.deepEqual([ended.code, ended.stdout.toString(), ended.stderr], [0, '', '']);
    }
    const { slices } = readPerfetto(readFileSync(join(cwd, 'perfetto')));
    const lengthOf = (name: string): number =>
      slices
        .filter((slice) => slice.name === name)
        .reduce((ns, { startNs, endNs }) => ns + endNs - startNs, 0);
    assert.equal(
      lengthOf('holding'),
      sum((row) => row.holdNs),
    );
    assert.equal(
      lengthOf('waiting'),
      sum((row) => row.waitNs),
    );
    assert.ok(slices.some(({ name, arrowsOut }) => name === 'waiting' && arrowsOut.length > 0));
    const firefox = readJson(cwd, 'firefox') as { threads: { name: string }[] };
    assert.deepEqual(
      firefox.threads.map(({ name }) => name),
      profile.threads.map(({ name }) => name),
    );
    const speedscope = readJson(cwd, 'speedscope') as {
      profiles: { name: string; endValue: number }[];
    };
    const hold = speedscope.profiles.find(({ name }) => name === 'hold by stack');
    assert.equal(
      hold?.endValue,
      sum((row) => row.holdNs),
    );
    assert.ok(gunzipSync(readFileSync(join(cwd, 'pprof'))).includes('contentions'));
    assert.equal(
      readFileSync(join(cwd, 'csv'), 'utf8').split('\r\n').length - 2,
      profile.lines.length,
    );
    const collapsed = ['export', 'a.gilscope', '--to', 'collapsed', '--cost', 'wait'];
    const { stdout } = await gilscope([...collapsed, '--out', '-'], cwd);
    const waits = stdout.toString().trimEnd().split('\n');
    const total = waits.reduce((ns, line) => ns + Number(line.slice(line.lastIndexOf(' '))), 0);
    assert.equal(
      total,
      sum((row) => row.waitNs),
    );
  });

  const free = freePythons().at(-1)?.path;
  it('shows threads and locks without a GIL', { skip: free === undefined }, async (t) => {
    const cwd = temporaryFolder(t);
    await record(cwd, 'f', CONTENDED, free);
    const exporting = ['export', 'f.gilscope', '--to', 'perfetto', '--out', 'f'];
    assert.equal((await gilscope(exporting, cwd)).code, 0);
    const { threads, locks, processes } = readJson(cwd, 'f.json') as Profile;
    const { tracks, slices, instants } = readPerfetto(readFileSync(join(cwd, 'f')));
    const sumOf = (track: number, isWanted: (name: string) => boolean): number =>
      slices
        .filter((slice) => slice.track === track && isWanted(slice.name))
        .reduce((ns, { startNs, endNs }) => ns + endNs - startNs, 0);
    for (const { tid, startNs, endNs } of threads) {
      const track = tracks.find(({ thread }) => thread?.tid === tid) ?? assert.fail();
      assert.equal(
        sumOf(track.id, () => true),
        endNs - startNs,
      );
    }
    const own = locks.filter(({ kind, name }) => kind === 'Lock' && name === 'lock');
    const shown = tracks.filter(({ name }) => name === 'Lock lock');
    assert.deepEqual(
      shown.map(({ id }) => sumOf(id, (name) => name.startsWith('held by '))).sort(),
      own.map(({ holdNs }) => holdNs).sort(),
    );
    assert.equal(own.length, 3);
    const waits = slices.filter(({ name, lock }) => name === 'lock' && lock === 'Lock lock');
    assert.equal(
      waits.reduce((ns, { startNs, endNs }) => ns + endNs - startNs, 0),
      own.reduce((ns, { waitNs }) => ns + waitNs, 0),
    );
    assert.equal(waits.length, 3);
    assert.deepEqual(
      instants,
      processes.map(() => 'no GIL'),
    );
  });

  it('faults are 125 and leave no file', async (t) => {
    const cwd = temporaryFolder(t);
    writeFileSync(join(cwd, 'no.gilscope'), 'nothing');
    const cases: [string[], RegExp][] = [
      [['no.gilscope', '--to', 'pprof', '--out', 'x'], /no\.gilscope.*not a GILscope/],
      [['none.gilscope', '--to', 'pprof', '--out', 'x'], /no such file/],
      [['no.gilscope', '--to', 'pprof', '--out', 'none/x'], /cannot be written/],
      [['no.gilscope', '--to', 'dot', '--out', 'x'], /choose one of perfetto/],
    ];
    for (const [args, message] of cases) {
      const ended = await gilscope(['export', ...args], cwd);
      assert.equal(ended.code, 125);
      assert.match(ended.stderr, message);
      assert.match(ended.stderr, /^gilscope: [^\n]+\n$/);
    }
    assert.deepEqual(readdirSync(cwd), ['no.gilscope']);
  });
});

describe('gilscope compare', () => {
  it('finds lines again that have moved, and holds conditions', async (t) => {
    const cwd = temporaryFolder(t);
    await record(cwd, 'before', program(60));
    // Fewer sleeps, so fewer waits: by the program itself, whatever the machine.
    await record(cwd, 'after', program(6, '# two lines', '# more'));
    const compare = (...args: string[]): Promise<Ended> =>
      gilscope(['compare', 'before.gilscope', 'after.gilscope', ...args], cwd);
    const better = await compare('--fail-if', 'wait>+10%', '--json', 'c.json');
    assert.equal(better.code, 0, better.stdout.toString());
    assert.match(better.stdout.toString(), /ok {4}wait>\+10%: wait .* → .* \(−/);
    const { lines, totals, notes } = readJson(cwd, 'c.json') as Comparison;
    const sleep = lines.find(({ before }) => before?.file.endsWith('app.py') && before.line === 8);
    assert.deepEqual([sleep?.match, sleep?.after?.line], ['same', 10]);
    // The line with the number in it was written anew.
    const loop = lines.find(({ before }) => before?.file.endsWith('app.py') && before.line === 7);
    assert.ok(loop === undefined || loop.match === 'edited');
    const profiles = (['before', 'after'] as const).map(
      (name) => readJson(cwd, `${name}.json`) as Profile,
    );
    for (const [index, side] of (['before', 'after'] as const).entries()) {
      const waitNs = profiles[index]?.threads.reduce((ns, row) => ns + row.waitNs, 0);
      assert.equal(totals.wait[side], waitNs);
    }
    assert.ok(notes.every((note) => !note.includes('app.py')));

    const worse = await gilscope(
      [
        ...['compare', 'after.gilscope', 'before.gilscope'],
        ...['--fail-if', 'wait>+10%', '--fail-if', 'wall>60min'],
      ],
      cwd,
    );
    assert.equal(worse.code, 1);
    assert.match(worse.stdout.toString(), /FAIL {2}wait>\+10%: .*\n {2}ok {4}wall>60min/);
  });

  it('a run that failed early is no improvement', async (t) => {
    const cwd = temporaryFolder(t);
    await record(cwd, 'before', program(6));
    await record(cwd, 'after', 'raise SystemExit(3)\n', python, 3);
    const ended = await gilscope(
      [
        ...['compare', 'before.gilscope', 'after.gilscope', '--json', '-'],
        ...['--fail-if', 'hold>+10%'],
      ],
      cwd,
    );
    assert.equal(ended.code, 1);
    assert.match(ended.stderr, /: The runs ended differently: exit status 0 before, exit status 3/);
    assert.match(ended.stderr, /\?\?\? {3}hold>\+10%: cannot be told, for .*exit status 3 after/);
    const { conditions } = JSON.parse(ended.stdout.toString()) as {
      readonly conditions: readonly { readonly met: boolean; readonly unknown: string | null }[];
    };
    assert.deepEqual(
      conditions.map(({ met, unknown }) => [met, unknown === null]),
      [[true, false]],
    );
  });

  it('faults are 125', async (t) => {
    const cwd = temporaryFolder(t);
    for (const args of [['a'], ['a', 'b'], ['a', 'b', '--fail-if', 'wait']]) {
      const ended = await gilscope(['compare', ...args], cwd);
      assert.equal(ended.code, 125);
      assert.match(ended.stderr, /^gilscope: [^\n]+\n$/);
    }
  });
});
