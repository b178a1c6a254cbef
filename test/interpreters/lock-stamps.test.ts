/** Random use of locks, by random lines, nested and with time-outs: waits, holds, lines and blame are those of the program's own log. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import type { LockRow, Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { freePythons, oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile } from '../support/run-profile';
import { type LoggedUse, sumsOfLog } from '../support/stamped-locks';

const PROGRAM = 'lock_stamps.py';
const LOCKS = [
  ['alpha', 'Lock'],
  ['beta', 'RLock'],
  ['gamma', 'Condition'],
  ['delta', 'Lock'],
] as const;
const WAYS = ['with', 'acquire', 'timeout'];
const [THREADS, STEPS] = [5, 24];
const WITHIN = 0.02;
const ATTEMPTS = 8;

/** How far something is off, as a part, with what is off. */
type Difference = readonly [part: number, what: string];

function difference(what: string, ns: number, seenNs: number, ofNs = seenNs): Difference {
  return [Math.abs(ns - seenNs) / ofNs, `${what}: ${ns} instead of ${seenNs}`];
}

function wayAt(line: number): string {
  return WAYS.find((way) => markedLine(PROGRAM, way) === line) ?? `line ${line}`;
}

function differencesOf(profile: Profile, row: LockRow, log: readonly LoggedUse[]): Difference[] {
  const name = row.name ?? '';
  const logged = sumsOfLog(log, name);
  assert.equal(row.acquires, logged.acquires, `acquisitions of ${name}`);
  const sites = row.sites.filter(({ waitNs }) => waitNs > 0);
  for (const { file } of sites) assert.equal(file, programPath(PROGRAM));
  const all = [
    difference(`waits for ${name}`, row.waitNs, logged.waitNs),
    difference(`holds of ${name}`, row.holdNs, logged.holdNs),
  ];
  for (const way of WAYS) {
    const recordedNs = sites.find(({ line }) => wayAt(line) === way)?.waitNs ?? 0;
    const seenNs = logged.waitNsOf.get(way) ?? 0;
    all.push(difference(`waits for ${name} at ${way}`, recordedNs, seenNs, logged.waitNs));
  }
  const blameNs = new Map<string, number>();
  for (const { lock, waiter, holder, ns } of profile.blame) {
    if (lock !== row.id) continue;
    const key = `${wayAt(waiter.line)}|${holder === null ? '-' : wayAt(holder.line)}`;
    blameNs.set(key, (blameNs.get(key) ?? 0) + ns);
  }
  for (const key of new Set([...blameNs.keys(), ...logged.blameNs.keys()])) {
    const [ns, seenNs] = [blameNs.get(key) ?? 0, logged.blameNs.get(key) ?? 0];
    all.push(difference(`blame for ${name}, ${key}`, ns, seenNs, logged.waitNs));
  }
  return all;
}

async function worstOf(python: FoundPython, seed: number): Promise<Difference> {
  const { profile, code, stdout, stderr } = await runProfile({
    python: python.path,
    program: PROGRAM,
    args: [seed, THREADS, STEPS].map(String),
  });
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  const log = JSON.parse(stdout.toString()) as LoggedUse[];
  const all = LOCKS.flatMap(([name, kind]) => {
    const [row, ...others] = profile.locks.filter((one) => one.name === name);
    assert.ok(row, name);
    assert.deepEqual([row.kind, others], [kind, []]);
    return differencesOf(profile, row, log);
  });
  return all.reduce((worst, one) => (one[0] > worst[0] ? one : worst));
}

/** The oldest, the newest, what lies between by threes, and those without a GIL. */
const some = oneOfEachMinor().filter((_, at, all) => at % 3 === 0 || at === all.length - 1);

describe('random use of locks against the log of the program', () => {
  for (const [at, python] of [...some, ...freePythons()].entries()) {
    it(`on ${titleOf(python)}`, async () => {
      for (let attempt = 1; ; attempt++) {
        const seed = at * 100 + attempt;
        const [part, what] = await worstOf(python, seed);
        if (part < WITHIN) return;
        // How close the times are is also a matter of what else the machine does.
        assert.ok(attempt < ATTEMPTS, `seed ${seed}: ${what}`);
      }
    });
  }
});
