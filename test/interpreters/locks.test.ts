/**
 * Programs of known use of locks: the right lock with the right name at the right line, times as the program measured
 * them itself, waits for work apart from contention, and what the findings say.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import type { Finding, LockRow, Profile, ProfileSummary } from '../../server/protocol';
import type { RunParams, RunResult } from '../../server/protocol-run';
import { assertInvariants } from '../support/invariants';
import { LspClient } from '../support/lsp-client';
import { freePythons, gilPythons, titleOf } from '../support/pythons';
import { markedLine, programPath, programs, runProfile } from '../support/run-profile';

const PROGRAM = 'lock_programs.py';
const NAMED_WITHIN_MS = 2000;
const ATTEMPTS = 6;
const scratch = mkdtempSync(join(tmpdir(), 'gilscope-locks-'));
const clients: LspClient[] = [];
after(() => {
  for (const client of clients) client.kill('SIGKILL');
  rmSync(scratch, { recursive: true });
});

const [withGil, free] = [gilPythons(), freePythons()];
const pythons = [...withGil, ...free];
/** The oldest, the newest, one between, and those without a GIL: whole programs take their time. */
const between = withGil[Math.floor(withGil.length / 2)];
const some = new Set([withGil[0], between, withGil.at(-1), ...free]);

async function run(python: FoundPython, program: string, args: readonly string[] = []) {
  const done = await runProfile({ python: python.path, program, args });
  assert.equal(done.code, 0, done.stderr);
  assertInvariants(done.profile);
  return done;
}

/** The lock that was waited for most. */
function topLock({ locks }: Profile): LockRow {
  const [first] = locks;
  assert.ok(first, 'there are locks');
  return first;
}

function assertLock(row: LockRow, program: string, made: string, kind: string, name: string): void {
  assert.deepEqual(
    [row.kind, row.name, row.createdAt, row.library],
    [kind, name, { file: programPath(program), line: markedLine(program, made) }, null],
  );
  assert.ok(row.waitNs > 0 && row.contended > 0, 'it was waited for');
}

/** Most of the waits for a lock were at this line, and most of the blame is on that one. */
function assertWaits(
  profile: Profile,
  row: LockRow,
  program: string,
  waiter: string,
  holder = waiter,
): void {
  const [worst] = profile.blame.filter(
    ({ lock, holder: place }) => lock === row.id && place !== null,
  );
  assert.deepEqual(
    [worst?.waiter.file, worst?.waiter.line, worst?.holder?.line],
    [programPath(program), markedLine(program, waiter), markedLine(program, holder)],
  );
}

function workLines({ locks }: Profile, kind: string): number[] {
  const rows = locks.filter((row) => row.kind === kind);
  return rows.flatMap(({ sites }) => sites.filter((s) => s.workNs > 0).map((s) => s.line));
}

function findings({ findings: all }: Profile, rule: Finding['rule']): Finding[] {
  return all.filter((finding) => finding.rule === rule);
}

for (const python of pythons) {
  describe(`locks on ${titleOf(python)}`, () => {
    it('waits and holds are as long as the program measured them', async () => {
      const { profile, stdout } = await run(python, PROGRAM, ['sleeps']);
      const measured = JSON.parse(stdout.toString()) as { waitNs: number; holdNs: number };
      const row = topLock(profile);
      assert.equal(row.acquires, 3);
      assert.equal(row.contended, 2);
      // The program's own clock readings lie outside of the wait and inside of the hold, and it may wait for the GIL.
      assert.ok(
        Math.abs(row.waitNs - measured.waitNs) <= measured.waitNs * 0.02 + 2e6,
        `${row.waitNs}`,
      );
      assert.ok(
        Math.abs(row.holdNs - measured.holdNs) <= measured.holdNs * 0.02 + 2e6,
        `${row.holdNs}`,
      );
    });
  });
}

for (const python of pythons.filter((one) => some.has(one))) {
  describe(`programs with locks on ${titleOf(python)}`, () => {
    it('a pipeline over queue.Queue', async () => {
      const program = 'lock_pipeline.py';
      const { profile } = await run(python, program);
      const row = topLock(profile);
      assertLock(row, program, 'made', 'Lock', 'Counter._lock');
      assertWaits(profile, row, program, 'wait');
      assert.ok(workLines(profile, 'Queue').includes(markedLine(program, 'work')));
    });

    it('ThreadPoolExecutor.map', async () => {
      const { profile } = await run(python, PROGRAM, ['executor']);
      assertLock(topLock(profile), PROGRAM, 'executor', 'Lock', 'guard');
      assertWaits(profile, topLock(profile), PROGRAM, 'executor-wait');
      assert.ok(workLines(profile, 'Future').length > 0, 'waits for results are work');
    });

    it('logging from 16 threads', async () => {
      const { profile } = await run(python, PROGRAM, ['log']);
      const row = topLock(profile);
      assert.deepEqual([row.kind, row.name, row.library], ['RLock', 'Handler.lock', 'logging']);
      assertWaits(profile, row, PROGRAM, 'log-wait');
    });

    it('sqlite3 from 8 threads', async () => {
      const { profile } = await run(python, PROGRAM, ['sqlite']);
      assertLock(topLock(profile), PROGRAM, 'sqlite', 'RLock', 'database_lock');
      assertWaits(profile, topLock(profile), PROGRAM, 'sqlite-wait');
    });

    it('a cache that loads under its lock', async () => {
      const { profile } = await run(python, PROGRAM, ['cache']);
      assertLock(topLock(profile), PROGRAM, 'cache', 'Lock', 'LruCache._entries_lock');
      assertWaits(profile, topLock(profile), PROGRAM, 'cache-wait');
      // Without a GIL nobody knows what a thread does under a lock.
      if (python.freeThreaded) return;
      const [found] = findings(profile, 'large-critical-section');
      assert.equal(found?.where?.line, markedLine(PROGRAM, 'cache-idle'));
    });

    it('a pool of connections: waits for a free one are work', async () => {
      const { profile } = await run(python, PROGRAM, ['connections']);
      assert.ok(workLines(profile, 'Condition').includes(markedLine(PROGRAM, 'connections-work')));
      const workNs = profile.locks.reduce((sum, row) => sum + row.workNs, 0);
      const waitNs = profile.locks.reduce((sum, row) => sum + row.waitNs, 0);
      assert.ok(waitNs < workNs / 10, `${waitNs} of contention beside ${workNs}`);
    });

    it('locks in both orders are found although nothing went wrong', async () => {
      const { profile } = await run(python, PROGRAM, ['order']);
      const [found, ...others] = findings(profile, 'lock-order-inversion');
      assert.deepEqual(others, []);
      for (const name of ['order-one', 'order-other']) {
        assert.ok(
          found?.message.includes(`${PROGRAM}:${markedLine(PROGRAM, name)}`),
          found?.message,
        );
      }
    });

    it('a lock held across await', { skip: python.freeThreaded }, async () => {
      const { profile } = await run(python, PROGRAM, ['await']);
      const [found] = findings(profile, 'lock-across-await');
      assert.equal(found?.where?.line, markedLine(PROGRAM, 'await'));
    });

    for (const threads of [2, 3]) {
      it(`a deadlock of ${threads} threads is named within ${NAMED_WITHIN_MS} ms, while it lasts`, async () => {
        for (let attempt = 1; ; attempt++) {
          const ms = await deadlock(python, PROGRAM, [`deadlock${threads}`], threads);
          // How long it takes is also a matter of what else the machine does.
          if (ms < NAMED_WITHIN_MS * busyness()) return;
          assert.ok(attempt < ATTEMPTS, `named after ${Math.round(ms)} ms`);
        }
      });
    }

    it('a deadlock of 2 processes is named while it lasts', async () => {
      await deadlock(python, 'lock_processes.py', ['fork', 'stuck'], 2);
    });
  });
}

/** How many times longer things take since the machine does so much else, at least 1. */
const busyness = (): number => Math.max(1, (loadavg()[0] ?? 0) / availableParallelism());

/** Returns how long after the last thread began to wait it was named, the start of the run included. */
async function deadlock(
  python: FoundPython,
  program: string,
  args: readonly string[],
  threads: number,
): Promise<number> {
  const client = await LspClient.start({
    env: { ...process.env, TMPDIR: scratch },
    initializationOptions: { python: python.path },
  });
  clients.push(client);
  const params: RunParams = {
    target: { kind: 'file', path: join(programs, program) },
    args,
    cwd: programs,
    workspaceFolder: null,
    startedBy: 'server',
  };
  const startedMs = Date.now();
  const { runId } = await client.request<RunResult>('gilscope/run', params);
  const isNamed = ({ rule }: Finding): boolean => rule === 'deadlock';
  const summary = await client.until<ProfileSummary>('gilscope/profileChanged', (shown) =>
    shown.findings.some(isNamed),
  );
  const namedMs = Date.now() - startedMs;
  assert.equal(summary.live, true);
  const found = summary.findings.find(isNamed);
  assert.equal(found?.evidence['threads'], threads);
  const line = `${program}:${markedLine(program, 'stuck')}`;
  assert.equal(found.message.split(line).length - 1, threads, found.message);
  await client.request('gilscope/stop', { runId });
  await client.stop();
  return namedMs - Number(found.evidence['sinceNs']) / 1e6;
}
