/** What threads contend for where there is no GIL: in which object, at which line, who let it go; stops of all threads. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { reportText } from '../../server/profile/report-text';
import type { Finding, LockRow, Profile } from '../../server/protocol';
import { LOCK_ROW } from '../../server/trace/events';
import { checkedProgram } from '../support/checked-program';
import { assertInvariants } from '../support/invariants';
import { freePythons, isAtLeast, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile, type ProfileRun } from '../support/run-profile';
import { lineIn, tracedRun } from '../support/traced-run';

const PROGRAM = 'free_threads.py';
const ATTEMPTS = 6;
const scratch = mkdtempSync(join(tmpdir(), 'gilscope-free-'));
after(() => rmSync(scratch, { recursive: true }));

type Variables = Readonly<Record<string, string>>;

const run = (python: FoundPython, name: string, env: Variables = {}): Promise<ProfileRun> =>
  profiled(python, PROGRAM, [name], env);

async function profiled(
  python: FoundPython,
  program: string,
  args: readonly string[],
  env: Variables = {},
): Promise<ProfileRun> {
  const done = await runProfile({ python: python.path, program, args, env });
  assert.equal(done.code, 0, done.stderr);
  assertInvariants(done.profile);
  assert.equal(done.profile.lost.events, 0);
  for (const { gilEnabled, messages } of done.profile.processes) {
    assert.equal(messages.length, gilEnabled ? 0 : 1);
    if (!gilEnabled) assert.match(messages.join(), /^Of threads without a GIL it is not recorded/);
  }
  return done;
}

function lockOf({ locks }: Profile, kind: string): LockRow {
  const [row] = locks.filter((one) => one.kind === kind);
  return row ?? assert.fail(`a ${kind} was waited for`);
}

/** Of all waits for the lock: those at one line while the lock was kept by another. */
function blamedNs({ blame }: Profile, row: LockRow, waiter: string, holder: string): number {
  const line = (mark: string) => markedLine(PROGRAM, mark);
  return blame
    .filter((one) => one.lock === row.id && one.waiter.file === programPath(PROGRAM))
    .filter((one) => one.waiter.line === line(waiter) && one.holder?.line === line(holder))
    .reduce((sum, one) => sum + one.ns, 0);
}

/** A run in which a thread slept for the object. On a busy machine all may only spin for it: that takes another run. */
async function contended(python: FoundPython, kind: string): Promise<Profile> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { profile } = await run(python, `one_${kind}`);
    const [row] = profile.locks.filter((one) => one.kind === kind);
    if (row !== undefined && row.contended > 0) {
      if (blamedNs(profile, row, `${kind}-quick`, `${kind}-slow`) > 0) return profile;
    }
  }
  return assert.fail(`in ${ATTEMPTS} runs no thread waited for another that kept the ${kind}`);
}

/** What is freed goes back to the system at once: who still reads it dies of it. */
const runInterpreters = (python: FoundPython, args: readonly string[], env: Variables = {}) =>
  profiled(python, 'interpreters_gone.py', args, { ...env, MALLOC_MMAP_THRESHOLD_: '65536' });

/** The finding and the report say what is contended for, and at which lines. */
function assertNamed(profile: Profile, kind: string): void {
  const isOfKind = ({ rule, evidence }: Finding) =>
    rule === 'object-contention' && evidence['kind'] === kind;
  const found = profile.findings.find(isOfKind);
  const lines = ['slow', 'quick'].map((mark) => markedLine(PROGRAM, `${kind}-${mark}`));
  assert.ok(found !== undefined && lines.includes(found.where?.line ?? 0), found?.message);
  assert.ok(found.message.includes(`the lock inside one ${kind}`), found.message);
  const report = reportText(profile, { folder: null });
  assert.match(report, new RegExp(`per-object lock \\(${kind}\\)`));
  // Each thread that waited, though it never took a GIL.
  const waited = profile.threads.filter(({ lockWaitNs }) => lockWaitNs > 0);
  for (const { name } of waited)
    assert.ok(report.includes(`   ${name}\n`), `no ${name}\n${report}`);
}

const copying = checkedProgram('thread_local_code', [
  'test/recorder/thread_local_code.c',
  'server/interpreter/native/layout.c',
]);

it("an instruction of a thread's own copy is found in the code object", copying, () => {
  assert.equal(copying.run().trim(), '10 10 10 10 10 gone gone gone 10');
});

if (!freePythons().some((python) => isAtLeast(python, 14)))
  it('copies of a thread', { skip: 'no free-threaded CPython 3.14 or later here' });

for (const python of freePythons()) {
  describe(`without a GIL, ${titleOf(python)}`, () => {
    // Rows: instances of a class of the program.
    for (const kind of ['list', 'dict', 'set', 'Rows']) {
      it(`threads contend for one ${kind}`, async () => {
        const profile = await contended(python, kind);
        assert.deepEqual(
          profile.processes.map(({ gilEnabled }) => gilEnabled),
          [false],
        );
        assert.ok(profile.findings.some(({ rule }) => rule === 'no-gil'));
        assertNamed(profile, kind);
        assert.ok(profile.threads.some(({ lockWaitNs }) => lockWaitNs > 0));
      });
    }

    it('all threads are stopped for the garbage collector', async () => {
      const { profile } = await run(python, 'stops');
      const row = lockOf(profile, 'stop-the-world');
      const causes = profile.blame.filter(({ lock }) => lock === row.id);
      assert.ok(causes.some(({ holder }) => holder?.line === markedLine(PROGRAM, 'collect')));
      const [found] = profile.findings.filter(({ rule }) => rule === 'stop-the-world');
      assert.equal(found?.where?.line, markedLine(PROGRAM, 'collect'));
    });

    it('an import switches the GIL on', async (context) => {
      const folder = buildModule(python, 'old_module');
      if (folder === null) {
        context.skip('no compiler, or no headers of this Python');
        return;
      }
      const { profile, stdout } = await run(python, 'imports', {
        PYTHONPATH: folder,
        PYTHONWARNINGS: 'ignore',
      });
      assert.equal(stdout.toString().trim(), 'true');
      const [found] = profile.findings.filter(({ rule }) => rule === 'gil-switched-on');
      assert.equal(found?.evidence['module'], 'old_module');
      assert.deepEqual(
        profile.processes.map(({ gilEnabled }) => gilEnabled),
        [true],
      );
    });

    it('a GIL that goes off again is no longer waited for', async (context) => {
      const folder = buildModule(python, 'slow_module');
      if (folder === null) {
        context.skip('no compiler, or no headers of this Python');
        return;
      }
      const { profile, stdout } = await run(python, 'passes', { PYTHONPATH: folder });
      const stoppedNs = 1e9 * (JSON.parse(stdout.toString()) as number);
      const main = profile.threads.find(({ name }) => name === 'MainThread');
      const waitNs = main?.waitNs ?? 0;
      assert.ok(waitNs > stoppedNs / 2 && waitNs < stoppedNs * 2, `${waitNs}, not ${stoppedNs} ns`);
      const loader = profile.threads.find(({ name }) => name === 'loader');
      assert.ok(
        (loader?.blocksNs ?? 0) > stoppedNs / 2,
        `the import blocks ${loader?.blocksNs} ns`,
      );
      assert.ok(profile.processes.every(({ gilEnabled }) => !gilEnabled));
    });

    it('a GIL that was asked for is no surprise', async () => {
      const { profile } = await run(python, 'everything', { PYTHON_GIL: '1' });
      assert.ok(profile.processes.every(({ gilEnabled }) => gilEnabled));
      assert.ok(profile.findings.every(({ rule }) => rule !== 'gil-switched-on'));
    });

    it('with a GIL, samples of any thread are of the line that ran', () => samplesOf(python));

    for (const how of ['destroyed', 'left']) {
      it(`interpreters that are ${how} take their GILs with them`, async () => {
        const { profile, stdout } = await runInterpreters(python, [how]);
        assert.equal(stdout.toString(), 'False\n3\n');
        assert.equal(profile.gils.length, 1 + 3);
        assert.ok(profile.processes.every(({ gilEnabled }) => !gilEnabled));
      });
    }

    it('an import switches the GIL of another interpreter on', async (context) => {
      const folder = buildModule(python, 'old_module');
      if (folder === null) {
        context.skip('no compiler, or no headers of this Python');
        return;
      }
      const env = { PYTHONPATH: folder, PYTHONWARNINGS: 'ignore' };
      const { profile, stdout } = await runInterpreters(python, ['switched'], env);
      assert.equal(stdout.toString(), 'True\n3\n');
      assert.ok(profile.processes.every(({ gilEnabled }) => gilEnabled));
    });

    it('interpreters in threads of their own', async () => {
      const { profile } = await profiled(python, 'subinterpreters.py', []);
      assert.equal(profile.gils.length, 1 + 3);
      for (const how of ['own', 'shared', ...(isAtLeast(python, 14) ? ['pool'] : [])]) {
        const { profile: busy } = await profiled(python, 'two_interpreters.py', [how]);
        assert.equal(busy.gils.length, how === 'shared' ? 1 : 3, how);
      }
    });

    it('a child of fork records its own locks', async () => {
      const { profile } = await run(python, 'forks');
      assert.equal(profile.processes.length, 2);
      for (const { pid } of profile.processes) {
        const rows = profile.locks.filter(
          ({ id, kind, waitNs }) => id.startsWith(`${pid}/`) && kind === 'Lock' && waitNs > 0,
        );
        const at = rows.flatMap(({ sites }) => sites.map(({ line }) => line));
        assert.ok(at.includes(markedLine(PROGRAM, 'forked-wait')), `process ${pid}`);
      }
    });

    it('what was recorded until a kill -9 is there', async () => {
      const made = markedLine(PROGRAM, 'endless-lock');
      const { state, sink } = await tracedRun(python.path, PROGRAM, ['endless'], ({ locks }) =>
        locks.some(({ contended }) => contended >= 50),
      );
      const index = state.locks.findIndex(
        ({ createdStack }) => lineIn(state.stacks, createdStack, PROGRAM) === made,
      );
      const waits = sink.allLocks.filter(
        ({ lock, kind }) => lock === index && kind === LOCK_ROW.wait,
      );
      assert.ok(waits.length >= 50, `${waits.length} waits`);
      assert.ok(Math.abs((state.locks[index]?.contended ?? 0) - waits.length) <= 2);
      assert.deepEqual(state.processes[0]?.messages, []);
    });

    it('a program does what it does without the probe', async () => {
      const alone = execFileSync(python.path, [programPath(PROGRAM), 'everything']).toString();
      const { profile, stdout } = await run(python, 'everything');
      assert.equal(stdout.toString(), alone);
      const used = profile.locks.filter(({ acquires }) => acquires >= 1600);
      assert.deepEqual(
        used
          .filter(({ library }) => library === null)
          .map(({ kind }) => kind)
          .sort(),
        ['Lock', 'Lock', 'RLock', 'Semaphore'],
      );
    });
  });
}

/** Each thread runs copies of its own of the instructions (3.14 and later), whether there is a GIL or not. */
async function samplesOf(python: FoundPython): Promise<void> {
  const { profile, stdout } = await run(python, 'shares', { PYTHON_GIL: '1' });
  const spent = JSON.parse(stdout.toString()) as { major: number; minor: number };
  const [major, minor] = ['shares-major', 'shares-minor'].map((name) =>
    profile.lines.find(
      ({ file, line }) => file === programPath(PROGRAM) && line === markedLine(PROGRAM, name),
    ),
  );
  const samples = (major?.samples ?? 0) + (minor?.samples ?? 0);
  assert.ok(samples >= 20, `${samples} samples of a second`);
  assert.ok(profile.lost.samples < samples / 4, `${profile.lost.samples} lost of ${samples}`);
  const truth = spent.major / (spent.major + spent.minor);
  const [majorNs, minorNs] = [major?.hold.selfNs ?? 0, minor?.hold.selfNs ?? 0];
  const measured = majorNs / (majorNs + minorNs);
  const allowed = 4 * Math.sqrt((truth * (1 - truth)) / samples) + 0.05;
  assert.ok(Math.abs(measured - truth) < allowed, `share ${measured}, true ${truth}`);
}

/** The folder of an extension module of test/fixtures/programs; null where none can be built. */
function buildModule(python: FoundPython, name: string): string | null {
  const paths = `import sysconfig as s; print(s.get_path("include"), s.get_config_var("EXT_SUFFIX"))`;
  const [include = '', suffix = ''] = execFileSync(python.path, ['-c', paths])
    .toString()
    .trim()
    .split(' ');
  if (!existsSync(join(include, 'Python.h'))) return null;
  const source = programPath(`${name}.c`);
  const target = join(scratch, `${name}${suffix}`);
  const built = spawnSync('cc', ['-shared', '-fPIC', `-I${include}`, '-o', target, source]);
  return built.status === 0 ? scratch : null;
}
