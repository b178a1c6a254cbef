import assert from 'node:assert/strict';
import type { LineRow, Profile } from '../../server/protocol';
import { disagreements } from './compare-recorder';
import { assertInvariants } from './invariants';
import {
  markedLine,
  programPath,
  runProfile,
  type ProfileOptions,
  type ProfileRun,
} from './run-profile';

const ATTEMPTS = 3;

/**
 * Runs a program with the recorder beside the probe and holds what is true of every run: the invariants, nothing lost,
 * counts equal to the recorder's, times too. Times may fail twice: see `Disagreements.times`.
 */
export async function checkedRun(options: ProfileOptions): Promise<ProfileRun> {
  for (let attempt = 1; ; attempt += 1) {
    const run = await runProfile({ ...options, recorder: true });
    const faults = compare(run);
    if (faults.length === 0) return run;
    if (attempt === ATTEMPTS) assert.fail(`${ATTEMPTS} runs in a row:\n${faults.join('\n')}`);
  }
}

/** Fails at once where it can never be right; returns what another run may do away with. */
function compare({ profile, records }: ProfileRun): string[] {
  assertInvariants(profile);
  assert.equal(profile.lost.events, 0, profile.lost.reason ?? '');
  const followed = new Set(profile.processes.map((row) => row.pid));
  const own = records.filter((record) => followed.has(record.pid));
  assert.ok(own.length > 0, 'the recorder saw the program');
  const all = own.map((record) => disagreements(profile, record));
  assert.deepEqual(
    all.flatMap((found) => found.counts),
    [],
  );
  return all.flatMap((found) => found.times);
}

/** The rows of the line marked `# @NAME` of a fixture program: usually one, more where it holds several functions. */
export function markedRows(profile: Profile, program: string, name: string): LineRow[] {
  const file = programPath(program);
  const line = markedLine(program, name);
  const rows = profile.lines.filter((row) => row.file === file && row.line === line);
  assert.ok(rows.length > 0, `${program}:${line} (@${name}) is in the profile`);
  return rows;
}

export type LineTime = 'hold' | 'wait' | 'blocks' | 'off';

/** Self time of a marked line. */
export function selfNs(profile: Profile, program: string, name: string, kind: LineTime): number {
  return markedRows(profile, program, name).reduce((sum, row) => sum + row[kind].selfNs, 0);
}

/** `FILE:LINE` of the line of one file with the largest self time of this kind. */
export function topLine(profile: Profile, program: string, kind: LineTime): string {
  const file = programPath(program);
  const sums = new Map<number, number>();
  for (const row of profile.lines.filter((candidate) => candidate.file === file)) {
    sums.set(row.line, (sums.get(row.line) ?? 0) + row[kind].selfNs);
  }
  const [top] = [...sums].sort((a, b) => b[1] - a[1]);
  return `${program}:${top?.[0] ?? 0}`;
}

/** `FILE:LINE` of a marked line, as {@link topLine} says it. */
export function marked(program: string, name: string): string {
  return `${program}:${markedLine(program, name)}`;
}
