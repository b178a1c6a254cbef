import type { LineRow, Place, Profile, ThreadRow } from '../../protocol';
import {
  type Change,
  type ComparedLine,
  type ComparedRun,
  type ComparedThread,
  type Comparison,
  isChanged,
  LINE_COSTS,
  type LineCost,
  type LineMatch,
  type ThreadName,
} from '../../protocol-comparison';
import { dataNotes } from '../data-notes';
import { matchFiles } from './match-files';
import { type FoundLine, matchLines } from './match-lines';
import { matchThreads } from './match-threads';
import { blameByKind, compareTotals, sumOf, threadTimes } from './metrics';
import { changeOfTime, type Summed } from './spread';
import { differentEnds, unknownTotals } from './unknown';

/** A profile with the texts that it was recorded on. */
export interface ComparedProfile {
  readonly profile: Profile;
  /** Hashes of the lines of a file as it was; null: not known. Both profiles have the same kind of hash. */
  readonly lineHashes: (file: string) => readonly string[] | null;
}

/** Two profiles beside each other: in all, by line and by thread. */
export function compareProfiles(before: ComparedProfile, after: ComparedProfile): Comparison {
  const withoutLines = sideWithoutLines(before.profile, after.profile);
  const lines = withoutLines === null ? compareLines(before, after) : [];
  return {
    format: 'gilscope-comparison',
    version: 1,
    before: runOf(before.profile),
    after: runOf(after.profile),
    totals: compareTotals(before.profile, after.profile),
    unknown: unknownTotals(before.profile, after.profile),
    lines,
    threads: matchThreads(before.profile, after.profile).map((pair) =>
      threadOf(pair.before, pair.after),
    ),
    notes: notesOf(before.profile, after.profile, lines, withoutLines),
  };
}

function runOf({ command, startedAt, wallNs, lost, exit }: Profile): ComparedRun {
  return { command, startedAt, wallNs, lostEvents: lost.events, exit };
}

/** Lines that only one profile knows are neither new nor gone. */
function sideWithoutLines(before: Profile, after: Profile): 'before' | 'after' | null {
  const [old, now] = [before, after].map(({ lines }) => lines.some((row) => row.line > 0));
  if (old === now) return null;
  return old === true ? 'after' : 'before';
}

function compareLines(before: ComparedProfile, after: ComparedProfile): ComparedLine[] {
  const afterRows = new Map(after.profile.lines.map((row) => [keyOf(row), row]));
  const files = matchFiles(filesOf(before.profile), filesOf(after.profile));
  const finders = new Map<string, (line: number) => FoundLine | null>();
  const find = (file: string, other: string, line: number): FoundLine | null => {
    const finder =
      finders.get(file) ?? matchLines(before.lineHashes(file), after.lineHashes(other));
    finders.set(file, finder);
    return finder(line);
  };
  const costs = [costsOf(before.profile), costsOf(after.profile)] as const;
  const compared: ComparedLine[] = [];
  for (const row of before.profile.lines) {
    const file = files.get(row.file);
    const found = file === undefined ? null : find(row.file, file, row.line);
    if (file === undefined || found === null) {
      compared.push(lineOf(row, null, 'before', costs));
      continue;
    }
    const place = { file, line: found.line, function: row.function };
    const other = afterRows.get(keyOf(place)) ?? null;
    if (other !== null) afterRows.delete(keyOf(place));
    // Where the line is still there and costs nothing, it got better: it is not gone.
    compared.push({ ...lineOf(row, other, found.match, costs), after: other ?? place });
  }
  for (const row of afterRows.values()) compared.push(lineOf(null, row, 'after', costs));
  return withOrigins(compared, before, after, files).sort((a, b) => weight(b) - weight(a));
}

/** Lines that cost nothing before, but were there. */
function withOrigins(
  lines: ComparedLine[],
  before: ComparedProfile,
  after: ComparedProfile,
  files: ReadonlyMap<string, string>,
): ComparedLine[] {
  const origins = new Map([...files].map(([file, other]) => [other, file]));
  const finders = new Map<string, (line: number) => FoundLine | null>();
  return lines.map((line) => {
    const origin = line.after === null ? undefined : origins.get(line.after.file);
    if (line.match !== 'after' || line.after === null || origin === undefined) return line;
    const { file } = line.after;
    const finder =
      finders.get(file) ?? matchLines(after.lineHashes(file), before.lineHashes(origin));
    finders.set(file, finder);
    const found = finder(line.after.line);
    if (found === null) return line;
    return {
      ...line,
      match: found.match,
      before: { ...line.after, file: origin, line: found.line },
    };
  });
}

type Costs = (row: LineRow | null) => Readonly<Record<LineCost, Summed>>;

function lineOf(
  before: LineRow | null,
  after: LineRow | null,
  match: LineMatch,
  [costsBefore, costsAfter]: readonly [LineCosts, LineCosts],
): ComparedLine {
  const changes = (old: Costs, now: Costs): Record<LineCost, Change> => {
    const [oldCosts, nowCosts] = [old(before), now(after)];
    const changed = LINE_COSTS.map((cost) => [cost, changeOfTime(oldCosts[cost], nowCosts[cost])]);
    return Object.fromEntries(changed) as Record<LineCost, Change>;
  };
  return {
    match,
    before: placeOf(before),
    after: placeOf(after),
    self: changes(costsBefore.self, costsAfter.self),
    total: changes(costsBefore.total, costsAfter.total),
  };
}

interface LineCosts {
  readonly self: Costs;
  readonly total: Costs;
}

const NONE: Summed = { ns: 0, count: 0, maxNs: 0 };

/** Self times with what is known of their number; of totals the number is that of times of the run's mean length. */
function costsOf(profile: Profile): LineCosts {
  const counts = lineCounts(profile);
  const count = (row: LineRow, cost: LineCost): Omit<Summed, 'ns'> => {
    const key = keyOf(row);
    if (cost === 'hold') {
      return { count: row.samples > 0 ? row.samples : row.acquires, maxNs: row.maxHoldNs };
    }
    if (cost === 'wait') {
      return { count: row.contended > 0 ? row.contended : row.acquires, maxNs: row.maxWaitNs };
    }
    if (cost === 'blocks') return counts.blocks.get(key) ?? { count: 0, maxNs: 0 };
    const acquires = { count: row.acquires, maxNs: 0 };
    if (cost === 'lockBlocks') return counts.lockBlocks.get(key) ?? acquires;
    if (cost === 'lockHold') return counts.lockHold.get(key) ?? acquires;
    // After each of its waits a thread takes the GIL, where there is one.
    if (cost === 'lockWait' && row.acquires === 0) return counts.lockWait.get(key) ?? acquires;
    return acquires;
  };
  const self: Costs = (row) =>
    record((cost) => (row === null ? NONE : { ns: row[cost].selfNs, ...count(row, cost) }));
  const means = record((cost) => {
    const ns = sumOf(profile.lines, (row) => row[cost].selfNs);
    return (
      ns /
      Math.max(
        1,
        sumOf(profile.lines, (row) => count(row, cost).count),
      )
    );
  });
  const total: Costs = (row) =>
    record((cost) => {
      if (row === null) return NONE;
      const ns = row[cost].totalNs;
      // Without anything of its callees it is its self time.
      if (ns === row[cost].selfNs) return { ns, ...count(row, cost) };
      return { ns, count: means[cost] === 0 ? 0 : ns / means[cost], maxNs: 0 };
    });
  return { self, total };
}

function record<Value>(of: (cost: LineCost) => Value): Record<LineCost, Value> {
  return Object.fromEntries(LINE_COSTS.map((cost) => [cost, of(cost)])) as Record<LineCost, Value>;
}

type Counts = ReadonlyMap<string, Omit<Summed, 'ns'>>;

/** What is known of the number of times, by line. Of locks only of the lines that are not of Python's own library. */
function lineCounts(
  profile: Profile,
): Readonly<Record<'blocks' | 'lockBlocks' | 'lockWait' | 'lockHold', Counts>> {
  const { ofGils, ofLocks } = blameByKind(profile);
  const sites = profile.locks.flatMap((lock) => lock.sites);
  return {
    blocks: countsBy(ofGils, (row) => row.holder),
    lockBlocks: countsBy(ofLocks, (row) => row.holder),
    lockWait: countsBy(ofLocks, (row) => row.waiter),
    lockHold: countsBy(
      sites.map((site) => ({ site, count: site.acquires, maxNs: 0 })),
      (row) => row.site,
    ),
  };
}

function countsBy<Row extends Omit<Summed, 'ns'>>(
  rows: readonly Row[],
  placeOfRow: (row: Row) => Place | null,
): Counts {
  const sums = new Map<string, Omit<Summed, 'ns'>>();
  for (const row of rows) {
    const place = placeOfRow(row);
    if (place === null) continue;
    const sum = sums.get(keyOf(place)) ?? { count: 0, maxNs: 0 };
    const maxNs = Math.max(sum.maxNs, row.maxNs);
    sums.set(keyOf(place), { count: sum.count + row.count, maxNs });
  }
  return sums;
}

function threadOf(before: ThreadRow | null, after: ThreadRow | null): ComparedThread {
  const old = before === null ? null : threadTimes(before);
  const now = after === null ? null : threadTimes(after);
  const change = (cost: 'hold' | 'wait' | 'blocks' | 'off' | 'lockWait'): Change =>
    changeOfTime(old?.[cost] ?? NONE, now?.[cost] ?? NONE);
  return {
    before: nameOf(before),
    after: nameOf(after),
    hold: change('hold'),
    wait: change('wait'),
    blocks: change('blocks'),
    off: change('off'),
    lockWait: change('lockWait'),
  };
}

function nameOf(row: ThreadRow | null): ThreadName | null {
  return row === null ? null : { pid: row.pid, tid: row.tid, name: row.name, gil: row.gil };
}

function placeOf(row: Place | null): Place | null {
  return row === null ? null : { file: row.file, line: row.line, function: row.function };
}

/** As lines are told apart in a profile. */
function keyOf({ file, line, function: name }: Place): string {
  return `${line}\0${file}\0${line === 0 ? name : ''}`;
}

function filesOf(profile: Profile): Set<string> {
  return new Set(profile.lines.map((row) => row.file));
}

/** The largest change of a cost that others feel; those that are no more than chance come last. */
function weight({ self }: ComparedLine): number {
  const changes = [self.hold, self.wait, self.blocks, self.lockWait, self.lockBlocks];
  return changes.reduce((most, change) => {
    const ns = Math.abs(change.after - change.before);
    return Math.max(most, isChanged(change) ? ns : ns * 1e-9);
  }, 0);
}

function noteOf(which: 'before' | 'after', text: string): string {
  return `The profile from ${which}: ${text}`;
}

/** Whether a note of a comparison is what the profile from after says of itself. */
export function isNoteOfAfter(note: string): boolean {
  return note.startsWith(noteOf('after', ''));
}

function notesOf(
  before: Profile,
  after: Profile,
  lines: readonly ComparedLine[],
  withoutLines: 'before' | 'after' | null,
): string[] {
  const notes: string[] = [];
  if (withoutLines !== null)
    notes.push(`The profile from ${withoutLines} has no lines, so that lines cannot be compared.`);
  const blind = new Set(
    lines
      .filter(({ match, before: place }) => match === 'number' && place !== null && place.line > 0)
      .map(({ before: place }) => place?.file ?? '')
      .filter((file) => !file.startsWith('<')),
  );
  if (blind.size > 0) {
    const files = blind.size === 1 ? 'one file' : `${blind.size} files`;
    notes.push(
      `Of ${files} a profile does not hold what stood on the lines, so that they are matched by their numbers.`,
    );
  }
  for (const [profile, which] of [
    [before, 'before'],
    [after, 'after'],
  ] as const) {
    for (const text of dataNotes(profile)) notes.push(noteOf(which, text));
  }
  const ends = differentEnds(before, after);
  if (ends !== null) notes.push(`The runs ended differently: ${ends}.`);
  const [old, now] = [pythonsOf(before), pythonsOf(after)];
  if (old !== now) notes.push(`Python ${old || '?'} before, ${now || '?'} after.`);
  return notes;
}

function pythonsOf({ processes }: Profile): string {
  return [...new Set(processes.map((row) => row.python))].sort().join(', ');
}
