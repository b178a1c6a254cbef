/**
 * What pickling between processes took, by the profile and by the program's own clocks. Three ways on each of three
 * versions in each run of the tests; all ways on all versions with GILSCOPE_EVERY_POOL=1 (`npm run test:pools`).
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { assertInvariants } from '../support/invariants';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { runProfile } from '../support/run-profile';

const METHODS = ['fork', 'spawn', 'forkserver'] as const;
const KINDS = ['pool', 'executor', 'process'] as const;
const everyPool = process.env['GILSCOPE_EVERY_POOL'] === '1';

describe('pickling', { concurrency: 2 }, () => {
  const pythons = oneOfEachMinor();
  const chosen = everyPool ? pythons : pythons.filter((_, index) => index % 3 === 0);
  for (const [nth, python] of chosen.entries()) {
    for (const [row, method] of METHODS.entries()) {
      // Each method and each kind once, on each version in another pairing.
      for (const [column, kind] of KINDS.entries()) {
        if (!everyPool && (row + nth) % KINDS.length !== column) continue;
        it(`${method}, ${kind} on ${titleOf(python)}`, () => pickling(python, method, kind));
      }
    }
  }
});

async function pickling(python: FoundPython, method: string, kind: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-pickling-'));
  try {
    const { profile, stdout, code, stderr } = await runProfile({
      python: python.path,
      program: 'serialise.py',
      args: [method, kind],
      env: { TIMES: join(folder, 'times') },
    });
    assert.equal(code, 0, stderr);
    assertInvariants(profile);
    const [cpuNs = 0, wallNs = 0] = JSON.parse(stdout.toString()) as number[];
    const { pickleNs, pipeNs } = profile.serialisation;
    const said = `${pickleNs / 1e6} ms; CPU time ${cpuNs / 1e6} ms, on the wall ${wallNs / 1e6} ms`;
    // A thread that holds the GIL and has lost its core still holds.
    const waitNs = profile.threads.reduce((sum, thread) => sum + thread.waitNs, 0);
    assert.ok(
      pickleNs > Math.max(cpuNs, wallNs - waitNs) * 0.75,
      `${said}, waits ${waitNs / 1e6} ms`,
    );
    assert.ok(pickleNs < wallNs * 1.25, said);
    assert.ok(pipeNs > 0 && pickleNs + pipeNs < profile.parallelism.onCpuNs, said);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
