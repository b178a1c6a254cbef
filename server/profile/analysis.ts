import type { Profile } from '../protocol';
import type { Segment } from '../protocol-chart';
import type { AnalysisAnswer, AnalysisQuestion, Scope } from '../protocol-analysis';
import { CURVE_BINS_MAX, curvesOf, idleSpans } from './curves';
import { evidenceOf, longestAt, type EvidenceSources, type FoundSegment } from './evidence';
import { flameOf } from './flame';
import type { LaneSegment } from './lane-segments';
import type { LaneView } from './lane-view';
import { lanesInFiles, lanesOfLocks } from './lanes-at';
import type { LineIndex } from './line-index';
import type { LockSnapshot } from './lock-analysis';
import { ScopeSummary } from './scope-sums';
import { eachSegment, type Sliced } from './stretches';

/** Segments in one answer, at most. */
const SEGMENTS_MAX = 200;

/** What the questions are about: one snapshot. */
export interface Analysed {
  readonly profile: Profile;
  readonly lines: LineIndex;
  /** By row of the profile's threads. */
  readonly views: readonly LaneView[];
  /** By lane: its thread in the trace. */
  readonly threadOfRow: readonly number[];
  readonly locks: LockSnapshot;
  /** Neighbouring cycles had to be kept as one. */
  readonly merged: boolean;
  /** A segment with its place and its holders. */
  segmentOf(lane: number, segment: LaneSegment): Segment;
}

/** Answers a question about a part of the run, in slices. */
export function* analyse(analysed: Analysed, question: AnalysisQuestion): Sliced<AnalysisAnswer> {
  const { views, lines, profile } = analysed;
  switch (question.kind) {
    case 'sums': {
      const summary = new ScopeSummary(analysed, inRun(question.scope, profile.wallNs));
      return { kind: 'sums', sums: yield* summary.sums(profile.gils, analysed.merged) };
    }
    case 'flame': {
      const scope = inRun(question.scope, profile.wallNs);
      const flame = yield* flameOf(views, lines, scope, question.cost, question.order);
      return { kind: 'flame', flame };
    }
    case 'curves': {
      const { fromNs, toNs } = inRun({ ...question, lanes: null }, profile.wallNs);
      const bins = Math.min(Math.max(1, Math.floor(question.bins)), CURVE_BINS_MAX);
      return {
        kind: 'curves',
        curves: yield* curvesOf(views, analysed.threadOfRow, fromNs, toNs, bins),
      };
    }
    case 'idle':
      return { kind: 'idle', spans: yield* idleSpans(views, profile.wallNs, question.leastNs) };
    case 'lanesAt':
      return { kind: 'lanesAt', lanes: yield* lanesWanted(analysed, question) };
    case 'segments':
      return { kind: 'segments', segments: yield* segmentsIn(analysed, question) };
    case 'evidence': {
      const finding = profile.findings[question.finding];
      const found = finding === undefined ? null : yield* evidenceOf(sourcesOf(analysed), finding);
      return { kind: 'evidence', segment: described(analysed, found) };
    }
    case 'longestAt': {
      const found = yield* longestAt(views, lines, question);
      return { kind: 'longestAt', segment: described(analysed, found) };
    }
  }
}

function sourcesOf({ views, lines, profile, locks }: Analysed): EvidenceSources {
  const { groups, ofLock } = locks.groups;
  const tids = profile.threads.map(({ tid }) => tid);
  return { views, lines, tids, lockIdOf: (lock) => groups[ofLock[lock] ?? -1]?.id ?? null };
}

function* lanesWanted(
  analysed: Analysed,
  { files, locks }: Extract<AnalysisQuestion, { kind: 'lanesAt' }>,
): Sliced<number[]> {
  const { views, lines, profile } = analysed;
  const rows = profile.locks.filter(({ id }) => locks.includes(id));
  const inFiles = files.length === 0 ? null : yield* lanesInFiles(views, lines, files);
  const ofLocks = locks.length === 0 ? null : yield* lanesOfLocks(analysed, rows);
  const isWanted = (lane: number): boolean =>
    inFiles?.has(lane) !== false && ofLocks?.has(lane) !== false;
  return [...views.keys()].filter(isWanted);
}

function described(analysed: Analysed, found: FoundSegment | null): Segment | null {
  return found === null ? null : analysed.segmentOf(found.lane, found.segment);
}

function* segmentsIn(
  analysed: Analysed,
  question: Extract<AnalysisQuestion, { kind: 'segments' }>,
): Sliced<Segment[]> {
  const { lane, fromNs, toNs } = question;
  const view = analysed.views[lane];
  if (view === undefined) return [];
  const limit = Math.min(Math.max(0, Math.floor(question.limit)), SEGMENTS_MAX);
  const found: LaneSegment[] = [];
  const walk = eachSegment(view, fromNs, toNs, (segment) => {
    if (found.length < limit) found.push(segment);
  });
  while (found.length < limit && walk.next().done !== true) yield;
  return found.map((segment) => analysed.segmentOf(lane, segment));
}

/** The scope inside of the run, with a length. */
function inRun({ fromNs, toNs, lanes }: Scope, wallNs: number): Scope {
  const from = Math.min(Math.max(0, fromNs), wallNs);
  return { fromNs: from, toNs: Math.max(from + 1, Math.min(toNs, wallNs)), lanes };
}
