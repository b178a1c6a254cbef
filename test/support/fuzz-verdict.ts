/** What comes of a damaged run: one clear error, or a profile that is sound and says what is missing. */
import assert from 'node:assert/strict';
import { EXPORT_COSTS, EXPORT_FORMATS, EXPORT_TABLES } from '../../server/protocol-export';
import type { Profile } from '../../server/protocol';
import { checkInvariants } from '../../server/profile/invariants';
import { reportText } from '../../server/profile/report-text';
import { RunAnalysis } from '../../server/profile/run-analysis';
import { RunReader } from '../../server/trace/run-reader';
import type { RunSource } from '../../server/trace/run-source';
import { TraceError } from '../../server/trace/trace-error';
import { CheckingSink } from './checking-sink';

/**
 * `refused`: an error; `said`: a profile that says something is missing or wrong; `whole`: one that says nothing of it,
 * as where the damage makes another sound trace, or hits what means nothing.
 */
export type Outcome = 'refused' | 'said' | 'whole';

/** How far it goes: to the events, each of which is checked; to the profile and its report; to chart and exports. */
export type Depth = 'events' | 'profile' | 'everything';

export interface JudgeOptions {
  /** Read it once while it seems to grow. */
  readonly live: boolean;
  readonly depth: Depth;
  /** What the undamaged run gave, where the damage can only take away: else the profile must say something. */
  readonly sound: string | null;
}

const NO_RUN = { command: null, startedAt: null, exit: null };

/** @throws AssertionError, or whatever else was thrown that is no TraceError: a bug */
export function judge(open: () => RunSource, options: JudgeOptions): Outcome {
  let source: RunSource | null = null;
  try {
    source = open();
    if (options.depth === 'events') return readEvents(new RunReader(source), options.live);
    const profile = profileOf(new RunReader(source), options);
    const outcome = isSaid(profile) ? 'said' : 'whole';
    if (outcome === 'whole' && options.sound !== null)
      assert.equal(numbersOf(profile), options.sound, 'another profile, and nothing is said');
    return outcome;
  } catch (error) {
    if (!(error instanceof TraceError)) throw error;
    assert.match(error.message, /^\/.*: [^\n]+\. [A-Z][^\n]*\.$/, 'one clear error');
    return 'refused';
  } finally {
    source?.close();
  }
}

/** For {@link JudgeOptions.sound}. */
export function soundNumbers(source: RunSource): string {
  return numbersOf(
    profileOf(new RunReader(source), { live: false, depth: 'profile', sound: null }),
  );
}

function numbersOf(profile: Profile): string {
  return JSON.stringify(profile);
}

function readEvents(reader: RunReader, live: boolean): Outcome {
  const sink = new CheckingSink();
  if (live) sink.check(reader.read(sink, false));
  const state = reader.read(sink, true);
  sink.check(state);
  const isSaid = state.processes.some(
    ({ messages, lostEvents, lostSamples }) => messages.length + lostEvents + lostSamples > 0,
  );
  return isSaid ? 'said' : 'whole';
}

function profileOf(reader: RunReader, { live, depth }: JudgeOptions): Profile {
  const analysis = new RunAnalysis(reader, { chart: depth === 'everything' });
  if (live) {
    analysis.poll(false);
    check(analysis.snapshot(NO_RUN));
  }
  analysis.poll(true);
  const profile = analysis.snapshot(NO_RUN);
  check(profile);
  if (depth === 'everything') askAll(analysis, profile);
  return profile;
}

function check(profile: Profile): void {
  const bad = notFinite(profile, 'profile');
  assert.equal(bad, null, 'a number that is none');
  const text = reportText(profile, { folder: '/' });
  assert.ok(!/NaN|Infinity|\[object/.test(withoutNames(text, profile)), text);
  const isBroken = checkInvariants(profile).length > 0;
  const isSaidSo = profile.findings.some(({ rule }) => rule === 'invariant-broken');
  assert.ok(!isBroken || isSaidSo, 'a sum that does not come out, and nobody says so');
}

/** What stands in the trace itself may say anything. */
function withoutNames(text: string, profile: Profile): string {
  const names = [
    ...profile.lines.flatMap(({ file, function: name }) => [file, name]),
    ...profile.threads.map(({ name }) => name),
    ...profile.command,
  ];
  return names.some((name) => /NaN|Infinity|\[object/.test(name)) ? '' : text;
}

function notFinite(value: unknown, path: string): string | null {
  if (typeof value === 'number') return Number.isFinite(value) ? null : `${path}: ${value}`;
  if (typeof value !== 'object' || value === null) return value === undefined ? path : null;
  for (const [key, part] of Object.entries(value)) {
    const found = notFinite(part, `${path}.${key}`);
    if (found !== null) return found;
  }
  return null;
}

function isSaid({ lost, findings, processes }: Profile): boolean {
  return (
    lost.reason !== null ||
    lost.events > 0 ||
    lost.samples > 0 ||
    findings.some(({ rule }) => rule === 'invariant-broken') ||
    processes.some(({ messages }) => messages.length > 0)
  );
}

function askAll(analysis: RunAnalysis, profile: Profile): void {
  const lines = profile.lines.slice(0, 3);
  analysis.chart({ kind: 'meta' });
  for (const level of [9, 11, 40]) analysis.chart({ kind: 'tile', level, index: 0, page: 0 });
  for (const { file, line } of lines) analysis.chart({ kind: 'marks', file, line, bins: 100 });
  for (let lane = 0; lane < Math.min(profile.threads.length, 4); lane++) {
    for (const step of ['at', 'previous', 'next'] as const)
      analysis.chart({ kind: 'segment', lane, atNs: profile.wallNs / 2, step });
  }
  for (const rank of [0, 1, 50]) analysis.chart({ kind: 'longWait', rank });
  const nowhere = { write: () => undefined };
  for (const format of EXPORT_FORMATS)
    analysis.export({ format, cost: EXPORT_COSTS[0], table: EXPORT_TABLES[0] }, nowhere);
}
