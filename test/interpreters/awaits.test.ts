/** What waits off the GIL were for: which child process, and which work of an executor. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile } from '../support/run-profile';

const METHODS = ['fork', 'spawn', 'forkserver'] as const;

describe('what waits are for', { concurrency: 2 }, () => {
  for (const [index, python] of oneOfEachMinor().entries()) {
    const method = METHODS[(index / 2) % METHODS.length];
    if (method !== undefined)
      it(`children by ${method} on ${titleOf(python)}`, () => children(python, method));
    it(`work of executors on ${titleOf(python)}`, () => executors(python));
  }
});

async function children(python: FoundPython, method: string): Promise<void> {
  const program = 'awaits.py';
  const { profile, stdout, stderr, code } = await runProfile({
    python: python.path,
    program,
    args: [method],
  });
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  const told = JSON.parse(stdout.toString()) as Record<string, number>;
  for (const [name, pid] of Object.entries(told)) {
    const line = markedLine(program, name);
    const rows = profile.awaits.filter(
      ({ where }) => where.file === programPath(program) && where.line === line,
    );
    const byPid = new Map<number, number>();
    for (const row of rows.flatMap(({ processes }) => processes))
      byPid.set(row.pid, (byPid.get(row.pid) ?? 0) + row.ns);
    const said = `${name} (${pid}): ${JSON.stringify(rows)}`;
    // It sleeps at least 180 ms in each, of which the parent may come late by some.
    assert.ok((byPid.get(pid) ?? 0) > 80e6, said);
    for (const { ns, processes } of rows)
      assert.ok(processes.reduce((sum, row) => sum + row.ns, 0) <= ns, said);
  }
}

async function executors(python: FoundPython): Promise<void> {
  const program = 'executors.py';
  const { profile, stdout, stderr, code } = await runProfile({ python: python.path, program });
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  const told = JSON.parse(stdout.toString()) as Record<string, number>;
  for (const [name, count] of Object.entries(told)) {
    const line = markedLine(program, name);
    const rows = profile.executors.filter(({ where }) => where.line === line);
    const said = `${name}: ${JSON.stringify(rows)}`;
    assert.equal(
      rows.reduce((sum, row) => sum + row.count, 0),
      count,
      said,
    );
    for (const row of rows) {
      assert.equal(row.where.file, programPath(program), said);
      assert.equal(row.asyncio, !['mapped', 'submitted'].includes(name), said);
      assert.ok(row.ranNs > 0 && row.queuedNs > 0 && row.threads <= count, said);
      if (row.work !== null) assert.equal(row.work.function, 'digest', said);
    }
    assert.ok(
      rows.some(({ work }) => work !== null),
      said,
    );
  }
  const total = Object.values(told).reduce((sum, count) => sum + count, 0);
  assert.equal(
    profile.executors.reduce((sum, row) => sum + row.count, 0),
    total,
  );
}
