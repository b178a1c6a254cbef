/**
 * Programs whose waiting, holding and blocking lines are known, on every interpreter: the invariants, agreement with
 * the independent recorder in the same run, and the right lines with the right times.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import type { Profile } from '../../server/protocol';
import { checkedRun, marked, markedRows, selfNs, topLine } from '../support/checked-run';
import { halfOfPythons, titleOf } from '../support/pythons';
import { markedLine, programPath, type ProfileRun } from '../support/run-profile';

const SECOND = 1e9;

for (const python of halfOfPythons('one')) {
  const run = (program: string, args: string[] = []): Promise<ProfileRun> =>
    checkedRun({ python: python.path, program, args });
  describe(`lines on ${titleOf(python)}`, () => {
    it('two computing threads hold, wait and block on their one line', () => spinning(run));
    it('a convoy: the reads wait, the loop blocks', () => convoy(run));
    it('a native hold is on the line that called it', () => nativeHold(run, python));
    it('native code that lets go is off, not holding', () => nativeRelease(run));
    it('sleeps are off for as long as they took', () => sleeps(run));
    it('two lines of known shares', () => shares(run));
  });
}

type Run = (program: string, args?: string[]) => Promise<ProfileRun>;

async function spinning(run: Run): Promise<void> {
  const program = 'cpu_two_threads.py';
  const { profile, code } = await run(program);
  assert.equal(code, 0);
  const spin = marked(program, 'spin');
  assert.equal(topLine(profile, program, 'hold'), spin);
  assert.equal(topLine(profile, program, 'wait'), spin);
  assert.equal(topLine(profile, program, 'blocks'), spin);
  const threads = profile.threads.filter((thread) => thread.name.startsWith('spin-'));
  assert.deepEqual(threads.map((thread) => thread.name).sort(), ['spin-0', 'spin-1']);
  for (const thread of threads) {
    // All but the last release, at the thread's end, were forced; at its start it may wait once for the starter's lock.
    const others = thread.acquires - thread.forcedReleases;
    assert.ok(others === 1 || others === 2, `${others} releases of ${thread.name} not forced`);
    // Towards the GIL a computing thread is never off but before its first request and after its last release.
    assert.ok(thread.offNs < 0.05 * SECOND, `off of ${thread.name}: ${thread.offNs}`);
  }
}

async function convoy(run: Run): Promise<void> {
  const program = 'convoy.py';
  // Other programs on the machine can break the rhythm of a convoy, so one of three runs must be one.
  let profile = (await run(program)).profile;
  for (let more = 2; more > 0 && !hasConvoy(profile); more -= 1) {
    profile = (await run(program)).profile;
  }
  const wait = { file: programPath(program), line: markedLine(program, 'wait') };
  assert.deepEqual(profile.findings.find((found) => found.rule === 'convoy')?.where, wait);
  const reader = profile.threads.find((thread) => thread.name === 'read');
  const waitNs = selfNs(profile, program, 'wait', 'wait');
  assert.ok(reader && waitNs > 0.8 * reader.waitNs, 'the reading thread waits on its one line');
  const [blamed] = profile.blame
    .filter((row) => row.waiter.line === wait.line && row.waiter.file === wait.file)
    .sort((a, b) => b.ns - a.ns);
  assert.equal(blamed?.holder?.line, markedLine(program, 'hold'));
}

function hasConvoy(profile: Profile): boolean {
  return profile.findings.some((finding) => finding.rule === 'convoy');
}

async function nativeHold(run: Run, python: FoundPython): Promise<void> {
  const program = 'regex_hold.py';
  const { profile, stdout } = await run(program);
  const spentNs = (JSON.parse(stdout.toString()) as { native: number }).native * SECOND;
  assert.equal(topLine(profile, program, 'hold'), marked(program, 'native'), titleOf(python));
  assert.equal(topLine(profile, program, 'blocks'), marked(program, 'native'));
  assert.equal(topLine(profile, program, 'wait'), marked(program, 'wait'));
  // Five matches kept the one waiter out, from the moment it woke: a millisecond, or its wait for a CPU, later.
  const blocksNs = selfNs(profile, program, 'native', 'blocks');
  assert.ok(blocksNs < 1.02 * spentNs, `blocks ${blocksNs}, spent ${spentNs}`);
  assert.ok(blocksNs > 0.5 * spentNs, `blocks ${blocksNs}, spent ${spentNs}`);
  const native = profile.findings.find((finding) => finding.rule === 'native-holds-gil');
  assert.deepEqual(native?.where, {
    file: programPath(program),
    line: markedLine(program, 'native'),
  });
}

async function nativeRelease(run: Run): Promise<void> {
  const program = 'zlib_release.py';
  const { profile, stdout } = await run(program);
  const spent = JSON.parse(stdout.toString()) as Record<string, number>;
  for (const name of ['zlib', 'hashlib']) {
    assertNear(selfNs(profile, program, name, 'off'), spent[name], `off of ${name}`);
  }
  const rules = profile.findings.map((finding) => finding.rule);
  assert.ok(!rules.includes('native-holds-gil'), rules.join());
}

async function sleeps(run: Run): Promise<void> {
  const program = 'sleeps.py';
  const { profile, stdout } = await run(program);
  const spent = JSON.parse(stdout.toString()) as Record<string, number>;
  for (const name of ['short', 'long']) {
    assertNear(selfNs(profile, program, name, 'off'), spent[name], `off of ${name}`);
  }
  assert.equal(markedRows(profile, program, 'short')[0]?.acquires, 10);
  assert.equal(markedRows(profile, program, 'long')[0]?.acquires, 1);
}

/** The program's own clock also counts the little that it held and waited. */
function assertNear(ns: number, seconds = 0, what: string): void {
  const spentNs = seconds * SECOND;
  const allowedNs = 0.05 * spentNs + 0.01 * SECOND;
  assert.ok(Math.abs(ns - spentNs) < allowedNs, `${what}: ${ns} ns, the program says ${spentNs}`);
}

/**
 * The split of holds over lines is sampled. With n samples of a share p the standard error is √(p(1−p)/n): allowed are
 * three of these, and 3 points at least. That is for a sampler that gets its CPU when it wants it, so on a busy machine
 * one of three runs must be right.
 */
async function shares(run: Run): Promise<void> {
  const faults: string[] = [];
  while (faults.length < 3) {
    const fault = await sharesFault(run);
    if (fault === null) return;
    faults.push(fault);
  }
  assert.fail(faults.join('\n'));
}

async function sharesFault(run: Run): Promise<string | null> {
  const program = 'shares.py';
  const { profile, stdout } = await run(program);
  const spent = JSON.parse(stdout.toString()) as { major: number; minor: number };
  const truth = spent.major / (spent.major + spent.minor);
  const major = selfNs(profile, program, 'major', 'hold');
  const minor = selfNs(profile, program, 'minor', 'hold');
  const samples = [
    ...markedRows(profile, program, 'major'),
    ...markedRows(profile, program, 'minor'),
  ].reduce((sum, row) => sum + row.samples, 0);
  if (samples < 100) return `only ${samples} samples of a second`;
  const allowed = Math.max(0.03, 3 * Math.sqrt((truth * (1 - truth)) / samples));
  const measured = major / (major + minor);
  if (Math.abs(measured - truth) < allowed) return null;
  return `share ${measured.toFixed(3)}, true ${truth.toFixed(3)}, allowed ± ${allowed.toFixed(3)}`;
}
