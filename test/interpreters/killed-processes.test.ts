/**
 * `kill -9` of any process of a run at random moments: the rest and the merged profile stay right. The moments are the
 * same in every run of the tests; GILSCOPE_KILL_SEED chooses others.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { ProcessRow, Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { killProcess } from '../support/kill-process';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';
import { SeededRandom } from '../support/seeded-random';

const SECONDS = '0.6';
const LONG_SECONDS = '20';
const LATEST_KILL_MS = 500;
const METHODS = ['fork', 'spawn', 'forkserver'] as const;
const seed = Number(process.env['GILSCOPE_KILL_SEED'] ?? 1);

describe(`processes of a run that are killed, seed ${seed}`, { concurrency: 2 }, () => {
  for (const [index, python] of oneOfEachMinor().entries()) {
    const own = seed + index;
    it(`workers, on ${titleOf(python)}, seed ${own}`, () => killed(python.path, own, false));
    if (index % 3 === 0)
      it(`all, on ${titleOf(python)}, seed ${own}`, () => killed(python.path, own, true));
  }
});

/** Kills some of the workers, or all and the program itself, each at a moment of its own. */
async function killed(python: string, own: number, all: boolean): Promise<void> {
  const random = new SeededRandom(own);
  const method = random.pick(METHODS);
  const kills = new Map<number, Promise<void>>();
  let told = '';
  const { profile, stdout, stderr, code } = await runProfile({
    python,
    program: 'victims.py',
    // The program itself must not end before its kill, also where all of its workers were killed.
    args: all ? [method, LONG_SECONDS, 'stays'] : [method, SECONDS],
    onOutput: (text, { pid }) => {
      told += text;
      const end = told.indexOf('\n');
      if (end < 0 || kills.size > 0) return;
      const workers = JSON.parse(told.slice(0, end)) as number[];
      const victims = all ? workers : workers.filter((_, index) => index === 0 || random.below(2));
      for (const victim of victims) kills.set(victim, killLater(victim, random));
      if (all) kills.set(-pid, killLater(rootOf(pid), random));
    },
  });
  await Promise.all(kills.values());
  assertInvariants(profile);
  assert.equal(profile.lost.events, 0, profile.lost.reason ?? '');
  const [first = '[]', last = '[]'] = stdout.toString().trim().split('\n');
  const workers = JSON.parse(first) as number[];
  assert.equal(code, all ? 137 : 0, stderr);
  if (all) assert.deepEqual(profile.exit, { code: null, signal: 'SIGKILL' });
  const ends = all ? [] : (JSON.parse(last) as number[]);
  for (const [index, pid] of workers.entries()) {
    const row = profile.processes.find((process) => process.pid === pid);
    // Killed so early that its Python had not begun.
    if (row === undefined && kills.has(pid)) continue;
    assert.ok(row, `worker ${pid} is in the profile`);
    assertEnd(profile, row, ends[index] ?? null);
  }
}

function assertEnd(profile: Profile, row: ProcessRow, told: number | null): void {
  assert.ok(row.startNs >= 0 && row.startNs <= row.endNs && row.endNs <= profile.wallNs);
  if (told === null) return;
  const exit = told < 0 ? { code: null, signal: 'SIGKILL' } : { code: told, signal: null };
  assert.deepEqual(row.exit, exit, `worker ${row.pid}`);
  assert.ok(!row.running);
  if (told < 0) return;
  // Two threads computed side by side for all of its time.
  const threads = profile.threads.filter(({ pid }) => pid === row.pid);
  const busyNs = threads.reduce((sum, thread) => sum + thread.holdNs, 0);
  assert.ok(busyNs > 0.5 * Number(SECONDS) * 1e9, `worker ${row.pid} held ${busyNs} ns`);
}

/** The program that the command line started. */
function rootOf(cli: number): number {
  const children = readFileSync(`/proc/${cli}/task/${cli}/children`, 'utf8').trim();
  return Number(children.split(' ')[0]);
}

async function killLater(pid: number, random: SeededRandom): Promise<void> {
  await new Promise((done) => setTimeout(done, random.below(LATEST_KILL_MS)));
  try {
    killProcess(pid);
  } catch (error) {
    // It was over, on a busy machine.
    assert.equal((error as NodeJS.ErrnoException).code, 'ESRCH');
  }
}
