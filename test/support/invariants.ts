import assert from 'node:assert/strict';
import type { LineRow, Profile, ThreadRow } from '../../server/protocol';

const sum = <T>(rows: readonly T[], value: (row: T) => number): number =>
  rows.reduce((total, row) => total + value(row), 0);

/** Holds what must always be true (design.md §2) of a finished profile, to the nanosecond. */
export function assertInvariants(profile: Profile): void {
  assertWholeNumbers(profile);
  profile.threads.forEach(assertLifetime);
  for (const gil of profile.gils) assertGil(profile, gil.id);
  assertLinesAddUp(profile);
  profile.lines.forEach(assertLine);
  assert.deepEqual(
    profile.findings.filter((finding) => finding.rule === 'invariant-broken'),
    [],
  );
}

function assertWholeNumbers(value: unknown, path = 'profile'): void {
  if (typeof value === 'number') {
    if (path.endsWith('Ns') || path.endsWith('.ns')) {
      assert.ok(Number.isSafeInteger(value) && value >= 0, `${path} is ${value}`);
    }
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => assertWholeNumbers(item, `${path}[${index}]`));
  } else if (typeof value === 'object' && value !== null) {
    for (const [name, item] of Object.entries(value)) assertWholeNumbers(item, `${path}.${name}`);
  }
}

function assertLifetime(thread: ThreadRow): void {
  const who = `thread ${thread.tid} (${thread.name}) towards ${thread.gil}`;
  const states = thread.holdNs + thread.waitNs + thread.offNs;
  assert.equal(states, thread.endNs - thread.startNs, `holding + waiting + off of ${who}`);
  assert.ok(thread.maxHoldNs <= thread.holdNs, `longest hold of ${who}`);
  assert.ok(thread.maxWaitNs <= thread.waitNs, `longest wait of ${who}`);
  assert.ok(thread.contended <= thread.acquires, `contended acquisitions of ${who}`);
}

function assertGil(profile: Profile, id: string): void {
  const [gil] = profile.gils.filter((row) => row.id === id);
  assert.ok(gil, `two GILs or none are named ${id}`);
  const threads = profile.threads.filter((thread) => thread.gil === id);
  const blame = profile.blame.filter((row) => row.lock === id);
  assert.equal(
    gil.holdNs,
    sum(threads, (row) => row.holdNs),
    `holds of ${id}`,
  );
  assert.equal(
    gil.waitNs,
    sum(threads, (row) => row.waitNs),
    `waits of ${id}`,
  );
  const handoffNs = sum(
    blame.filter((row) => row.holder === null),
    (row) => row.ns,
  );
  assert.equal(gil.handoffNs, handoffNs, `hand-off of ${id}`);
  const chargedNs = sum(blame, (row) => row.ns);
  assert.equal(gil.waitNs, chargedNs + gil.unattributedNs, `waits of ${id} = blame + hand-off`);
  assert.equal(
    gil.waitNs - gil.handoffNs - gil.unattributedNs,
    sum(threads, (row) => row.blocksNs),
    `what the threads block of ${id}`,
  );
  assert.equal(
    gil.forcedReleases,
    sum(threads, (row) => row.forcedReleases),
    `forced of ${id}`,
  );
  // Holds of one lock never overlap: together they fit into the life of its process.
  const process = profile.processes.find((row) => row.pid === gil.pid);
  assert.ok(process, `the process of ${id}`);
  assert.ok(gil.holdNs <= process.endNs - process.startNs, `holds of ${id} overlap`);
}

function assertLinesAddUp(profile: Profile): void {
  for (const kind of ['hold', 'wait', 'blocks', 'off'] as const) {
    assert.equal(
      sum(profile.lines, (line) => line[kind].selfNs),
      sum(profile.threads, (thread) => thread[`${kind}Ns`]),
      `${kind} over lines and over threads`,
    );
  }
}

function assertLine(line: LineRow): void {
  for (const kind of ['hold', 'wait', 'blocks', 'off'] as const) {
    const { selfNs, totalNs } = line[kind];
    assert.ok(totalNs >= selfNs, `${kind} of ${line.file}:${line.line}: total below self`);
  }
}
