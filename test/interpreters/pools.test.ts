/**
 * Many processes of one run: pools by every start method, a preforking server, killed workers. A few in each run of the
 * tests; all numbers of workers on all versions with GILSCOPE_EVERY_POOL=1 (`npm run test:pools`).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { analyseRun } from '../../server/cli/analyse';
import type { Profile, ProcessRow } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import { killProcess } from '../support/kill-process';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile } from '../support/run-profile';

const METHODS = ['fork', 'spawn', 'forkserver'] as const;
const everyPool = process.env['GILSCOPE_EVERY_POOL'] === '1';

interface Pool {
  readonly root: number;
  readonly workers: readonly number[];
  readonly did: readonly number[];
}

describe('pools', { concurrency: 2 }, () => {
  const pythons = oneOfEachMinor();
  const chosen = everyPool ? pythons : pythons.filter((_, index) => index % 3 === 0);
  for (const python of chosen) {
    for (const method of METHODS) {
      for (const count of everyPool ? [1, 4, 64] : [4]) {
        it(`${method} × ${count} on ${titleOf(python)}`, () => pool(python, method, count));
      }
    }
    it(`a preforking server on ${titleOf(python)}`, () => prefork(python));
    it(`a daemon that goes on, on ${titleOf(python)}`, () => daemon(python));
    it(`an event loop that blocks itself on ${titleOf(python)}`, () => blockedLoop(python));
  }
});

async function pool(python: FoundPython, method: string, count: number): Promise<void> {
  const { profile, stdout, code, stderr } = await runProfile({
    python: python.path,
    program: 'pools.py',
    args: [method, String(count)],
    timeoutMs: 120_000,
  });
  assert.equal(code, 0, stderr);
  const told = JSON.parse(stdout.toString()) as Pool;
  assertInvariants(profile);
  assertTree(profile, told.root);
  assert.equal(told.workers.length, count);
  for (const pid of told.workers) {
    const row = rowOf(profile, pid);
    assert.deepEqual(row.exit, { code: 0, signal: null }, `worker ${pid}`);
    const helper = row.parentPid === told.root ? null : rowOf(profile, row.parentPid);
    assert.equal(helper === null, method !== 'forkserver', `parent of worker ${pid}`);
    if (!told.did.includes(pid)) continue;
    const threads = profile.threads.filter((thread) => thread.pid === pid);
    assert.ok(
      threads.some((thread) => thread.holdNs > 0),
      `worker ${pid} held its GIL`,
    );
  }
  const { pickleNs, pipeNs } = profile.serialisation;
  assert.ok(pickleNs + pipeNs > 0);
  // Workers that have nothing to do queue for the lock with which one of them reads.
  const contended = profile.locks.filter(
    ({ name, waitNs }) => /_inqueue/.test(name ?? '') && waitNs > 0,
  );
  assert.deepEqual(contended, []);
  const file = programPath('pools.py');
  const line = markedLine('pools.py', 'map');
  const awaited = profile.awaits.filter(({ where }) => where.file === file && where.line === line);
  assert.deepEqual(
    awaited.map(({ on }) => on),
    ['pool'],
  );
}

async function prefork(python: FoundPython): Promise<void> {
  const { profile, stdout, code, stderr } = await runProfile({
    python: python.path,
    program: 'prefork.py',
  });
  assert.equal(code, 0, stderr);
  const told = JSON.parse(stdout.toString()) as { root: number; ends: Record<string, number> };
  assertInvariants(profile);
  assertTree(profile, told.root);
  const names: Record<number, string> = { 9: 'SIGKILL', 15: 'SIGTERM' };
  for (const [pid, status] of Object.entries(told.ends)) {
    const row = rowOf(profile, Number(pid));
    assert.deepEqual(row.exit, { code: null, signal: names[status] });
    assert.equal(row.parentPid, told.root);
    assert.ok(!row.running && !row.replaced);
  }
}

async function daemon(python: FoundPython): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-daemon-'));
  const out = join(folder, 'daemon.gilscope');
  const { profile, stdout, code, stderr } = await runProfile({
    python: python.path,
    program: 'daemon.py',
    cliArgs: ['--out', out],
  });
  const pid = Number(stdout.toString());
  try {
    // What is kept is what was shown, though the daemon's trace grows on.
    assert.deepEqual(analyseRun(out, false).profile, profile);
    assert.equal(code, 0, stderr);
    assertInvariants(profile);
    const row = rowOf(profile, pid);
    assert.ok(row.running);
    assert.deepEqual(row.exit, { code: null, signal: null });
    const between = rowOf(profile, row.parentPid);
    assert.ok(!between.running);
    assert.equal(between.parentPid, profile.processes[0]?.pid);
  } finally {
    killProcess(pid);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function blockedLoop(python: FoundPython): Promise<void> {
  const program = 'blocked_loop.py';
  const { profile } = await runProfile({ python: python.path, program });
  const found = profile.findings.filter(({ rule }) => rule === 'loop-blocked');
  assert.deepEqual(
    found.map(({ where }) => where),
    [{ file: programPath(program), line: markedLine(program, 'blocking') }],
  );
  const blockedNs = Number(found[0]?.evidence['blockedNs']);
  assert.ok(blockedNs > 0.19e9, `four times 50 ms, not ${blockedNs} ns`);
  const idleNs = profile.awaits
    .filter(({ on }) => on === 'events')
    .reduce((sum, { ns }) => sum + ns, 0);
  assert.ok(idleNs > 0.25e9, `the loop had nothing to do for 300 ms, not ${idleNs} ns`);
}

/** Every process has its parent in the run, and lives within it on one clock. */
function assertTree(profile: Profile, root: number): void {
  assert.equal(profile.processes[0]?.pid, root);
  for (const row of profile.processes) {
    assert.ok(row.startNs >= 0 && row.startNs <= row.endNs && row.endNs <= profile.wallNs);
    if (row.pid === root) continue;
    const parent = rowOf(profile, row.parentPid);
    assert.ok(parent.startNs <= row.startNs, `${row.pid} is younger than its parent`);
  }
}

function rowOf(profile: Profile, pid: number): ProcessRow {
  const row = profile.processes.find((candidate) => candidate.pid === pid);
  assert.ok(row, `process ${pid} is in the profile`);
  return row;
}
