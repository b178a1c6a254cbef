/** Time off the GIL that was spent on a CPU, against the CPU time that the system counted for the same thread. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { formatDuration } from '../../server/profile/duration';
import { reportText } from '../../server/profile/report-text';
import { markedRows, checkedRun } from '../support/checked-run';
import { oneOfEachMinor, titleOf } from '../support/pythons';
import { programPath } from '../support/run-profile';

const PROGRAM = 'native_work.py';
const TOLERANCE = 0.05;
/** Large data: what runs with the GIL does not count. */
const ALL_NATIVE = ['compress', 'digest', 'multiply'];

const scratch = mkdtempSync(join(tmpdir(), 'gilscope-native-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

describe('native code without the GIL', { concurrency: 2 }, () => {
  const library = buildLibrary();
  for (const python of oneOfEachMinor()) {
    it(`on ${titleOf(python)}`, () => nativeWork(python.path));
    it(`in threads of a library, on ${titleOf(python)}`, () =>
      libraryThreads(python.path, library));
  }
});

function buildLibrary(): string {
  const library = join(scratch, 'library_threads.so');
  const source = programPath('library_threads.c');
  execFileSync('cc', ['-shared', '-fPIC', '-pthread', '-o', library, source]);
  return library;
}

async function libraryThreads(python: string, library: string): Promise<void> {
  const program = 'library_threads.py';
  const { profile, stdout, code, stderr } = await checkedRun({ python, program, args: [library] });
  assert.equal(code, 0, stderr);
  const bySystemNs = Number(stdout.toString());
  const { systemCpuNs, onCpuNs } = profile.parallelism;
  assert.ok(systemCpuNs !== null);
  // Before and after what either counts lie the start and the end of the process.
  const said = `${systemCpuNs} ns, the program says ${bySystemNs} ns`;
  assert.ok(Math.abs(systemCpuNs - bySystemNs) < TOLERANCE * bySystemNs + 100e6, said);
  assert.ok(systemCpuNs > 1e9, said);
  const report = reportText(profile, { folder: null }).replace(/\s+/g, ' ');
  const sentence = /at least (\S+ \S+) of it neither with the GIL/.exec(report)?.[1];
  // The library's two threads, but for what holds count in full.
  assert.equal(sentence, formatDuration(systemCpuNs - onCpuNs), report);
}

async function nativeWork(python: string): Promise<void> {
  // BLAS would compute in threads of its own, whose CPU time is not that of the Python thread.
  const env = { OPENBLAS_NUM_THREADS: '1' };
  const { profile, stdout, code, stderr } = await checkedRun({ python, program: PROGRAM, env });
  assert.equal(code, 0, stderr);
  const spent = JSON.parse(stdout.toString()) as Record<string, number>;
  for (const [name, cpuNs] of Object.entries(spent)) {
    const row = profile.threads.find((thread) => thread.name === name);
    assert.ok(row, name);
    assert.ok(row.nativeNs <= row.offNs, `${name}: more on a CPU than off the GIL`);
    if (name === 'sleep') {
      assert.ok(row.nativeNs < row.offNs / 20, `${name}: ${row.nativeNs} of ${row.offNs} ns`);
      continue;
    }
    const said = `${name}: native ${row.nativeNs} + hold ${row.holdNs} ns, by the system ${cpuNs} ns`;
    assert.ok(row.nativeNs < cpuNs * (1 + TOLERANCE), said);
    // The system counts what ran under the GIL too.
    const leastNs = ALL_NATIVE.includes(name) ? cpuNs : cpuNs - row.holdNs;
    assert.ok(row.nativeNs > leastNs * (1 - TOLERANCE), said);
  }
  for (const name of ['zlib', 'hashlib', 'short']) {
    const rows = markedRows(profile, PROGRAM, name);
    const nativeNs = rows.reduce((sum, row) => sum + row.native.selfNs, 0);
    const offNs = rows.reduce((sum, row) => sum + row.off.selfNs, 0);
    assert.ok(nativeNs > 0 && nativeNs <= offNs, `${name}: ${nativeNs} of ${offNs} ns`);
  }
  const { onCpuNs, underGilNs } = profile.parallelism;
  const holdNs = profile.threads.reduce((sum, row) => sum + row.holdNs, 0);
  const nativeNs = profile.threads.reduce((sum, row) => sum + row.nativeNs, 0);
  assert.deepEqual([onCpuNs, underGilNs], [holdNs + nativeNs, holdNs]);
}
