import type { BlameRow, LineRow, Place, Profile, SelfTotal } from '../protocol';
import { exactnessOf } from '../profile/doubts';
import { formatDuration } from '../profile/duration';
import type { LineCosts } from './line-costs';
import { costsAt, placeKey, type ProfileIndex } from './profile-index';
import { english, type ServerText } from './text';

const TOP_PAIRS = 5;
/** Keeps columns apart, where editors leave hardly any room; the last of it keeps the rest from being trimmed. */
const GAP = '\u00a0\u00a0\u2060';
/** Columns that may reach the next one: names and numbers. */
const SPACED = [0, 1, 2, 4];
const LOCK_COSTS = ['lockWait', 'lockHold', 'lockBlocks'] as const;

export interface HoverContext {
  readonly live: boolean;
  /** The line's file was edited since it was profiled. */
  readonly old: boolean;
  /** While the profile is compared with one from before: what cannot be compared. */
  readonly comparedNotes?: readonly string[];
  /** As a path is shown to the user: relative to the workspace, say. */
  readonly shownPath: (file: string) => string;
  /** Default: English. */
  readonly text?: ServerText;
}

/** What the hover says of a line as profiled: Markdown without links. Null where the line cost nothing. */
export function hoverMarkdown(
  index: ProfileIndex,
  fileKey: string,
  line: number,
  context: HoverContext,
): string | null {
  const { text = english } = context;
  const costs = costsAt(index, fileKey, line);
  if (!costs) return whyNoLines(index.profile, text);
  const key = placeKey(fileKey, line);
  const blocks = [
    headline(costs, context),
    costTable(costs, text),
    pairs(text.hover.blocked, index, index.blockedBy.get(key), (row) => row.waiter, context),
    pairs(text.hover.waitedFor, index, index.waitsOf.get(key), (row) => row.holder, context),
    onlyBelow(costs) ? text.hover.onlyBelow : '',
    certainty(costs, index.profile, text),
    (context.comparedNotes ?? []).map(text.message).join(' '),
  ];
  return blocks.filter((block) => block !== '').join('\n\n');
}

function headline(costs: LineCosts, context: HoverContext): string {
  const { text = english } = context;
  const names = [...new Set(costs.rows.map((row) => code(row.function)))].join(', ');
  const marks = [context.live ? text.hover.live : '', context.old ? text.hover.old : ''];
  return [text.hover.headline(names), ...marks.filter((mark) => mark !== '')].join(' · ');
}

function costTable(costs: LineCosts, text: ServerText): string {
  const sum = (pick: (row: LineRow) => number): number =>
    costs.rows.reduce((total, row) => total + pick(row), 0);
  const longest = (pick: (row: LineRow) => number): string =>
    durationOrNone(Math.max(0, ...costs.rows.map(pick)));
  const acquires = sum((row) => row.acquires);
  const contended = sum((row) => row.contended);
  const forced = sum((row) => row.forcedReleases);
  const { columns, meaning } = text.hover;
  const rows = [
    [text.cost.hold, costs.hold, text.hover.forced(forced), longest((row) => row.maxHoldNs)],
    [
      text.cost.wait,
      costs.wait,
      unbroken(text.hover.acquires(acquires, contended)).replace(',\u00a0', ', '),
      longest((row) => row.maxWaitNs),
    ],
    [text.cost.blocks, costs.blocks, '', ''],
    [text.cost.off, costs.off, '', ''],
    ...(costs.native.totalNs > 0 ? [[text.cost.native, costs.native, '', ''] as const] : []),
    ...LOCK_COSTS.filter((kind) => costs[kind].totalNs > 0).map(
      (kind) => [text.cost[kind], costs[kind], '', ''] as const,
    ),
  ] as const;
  const meanings = [
    ...[meaning.hold, meaning.wait, meaning.blocks, meaning.off],
    ...(costs.native.totalNs > 0 ? [meaning.native] : []),
    ...LOCK_COSTS.filter((kind) => costs[kind].totalNs > 0).map((kind) => meaning[kind]),
  ];
  return [
    tableRow(['', columns.total, columns.self, columns.count, columns.longest, columns.meaning]),
    '|:--|--:|--:|:--|--:|:--|',
    ...rows.map(([name, cost, count, max], at) =>
      tableRow([unbroken(name), ...selfTotal(cost), count, max, meanings[at] ?? '']),
    ),
  ].join('\n');
}

function selfTotal(cost: SelfTotal): [total: string, self: string] {
  return [durationOrNone(cost.totalNs), durationOrNone(cost.selfNs)];
}

function durationOrNone(ns: number): string {
  return ns > 0 ? unbroken(formatDuration(ns)) : '–';
}

/** Stays on one line of its cell. */
function unbroken(words: string): string {
  return words.replaceAll(' ', '\u00a0');
}

function tableRow(cells: readonly string[]): string {
  const spaced = cells.map((cell, at) => (cell !== '' && SPACED.includes(at) ? cell + GAP : cell));
  return `| ${spaced.join(' | ')} |`;
}

function pairs(
  title: string,
  index: ProfileIndex,
  rows: readonly BlameRow[] | undefined,
  other: (row: BlameRow) => Place | null,
  context: HoverContext,
): string {
  if (!rows || rows.length === 0) return '';
  const { text = english } = context;
  const lines = rows.slice(0, TOP_PAIRS).map((row) => {
    const place = other(row);
    const lock = index.lockNames.get(row.lock);
    const ofLock = lock === undefined ? '' : text.hover.ofLock(code(lock));
    const name = (place ? placeName(place, context, text) : text.hover.handoff) + ofLock;
    return `- ${text.hover.pair(formatDuration(row.ns), row.count, formatDuration(row.maxNs), name)}`;
  });
  const rest = rows.slice(TOP_PAIRS);
  if (rest.length > 0) {
    const ns = rest.reduce((sum, row) => sum + row.ns, 0);
    lines.push(`- ${text.hover.more(rest.length, formatDuration(ns))}`);
  }
  return [`**${title}**`, '', ...lines].join('\n');
}

function placeName(place: Place, context: HoverContext, text: ServerText): string {
  if (place.line <= 0 && place.function === '') return text.hover.unknownPlace;
  const where = place.line > 0 ? `:${place.line}` : '';
  return `${code(place.function)} ${code(context.shownPath(place.file) + where)}`;
}

function onlyBelow(costs: LineCosts): boolean {
  const { hold, wait, blocks, lockWait, lockBlocks } = costs;
  return [hold, wait, blocks, lockWait, lockBlocks].every(({ selfNs }) => selfNs === 0);
}

function certainty(costs: LineCosts, profile: Profile, text: ServerText): string {
  const exact = { all: [text.hover.exact], recorded: [text.hover.exactInPart], unknown: [] };
  const sentences: string[] = [...exact[exactnessOf(profile)], ...sampling(costs, text)];
  const { events, samples: missed, reason } = profile.lost;
  if (events > 0 || missed > 0) sentences.push(text.hover.lost(profile.lost));
  else if (reason !== null) sentences.push(text.message(reason));
  return [...sentences, ...messagesOf(profile).map(text.message)].join(' ');
}

/** On how many samples the line's own hold rests, and with what it calls. */
function sampling({ hold, rows }: LineCosts, text: ServerText): string[] {
  if (hold.totalNs === 0) return [];
  const own = rows.reduce((sum, row) => sum + row.samples, 0);
  // As with times: functions on one line may call each other.
  const all = Math.max(own, ...rows.map((row) => row.totalSamples));
  const percent = (samples: number): number => Math.ceil(100 / Math.sqrt(samples));
  if (all === 0 && hold.totalNs > hold.selfNs) return [text.hover.noSamplesInAll];
  if (hold.selfNs === 0) return [text.hover.samplesInAll(all, percent(all))];
  return [
    own > 0 ? text.hover.samples(own, percent(own)) : text.hover.noSamples,
    ...(all > own ? [text.hover.samplesBelow(all, percent(all))] : []),
  ];
}

/** Where no line of the whole run is known, every line says why; else null. */
export function whyNoLines(profile: Profile, text: ServerText = english): string | null {
  const messages = messagesOf(profile);
  if (messages.length === 0 || profile.lines.some((row) => row.line > 0)) return null;
  return noLinesMarkdown(messages.map(text.message), text);
}

/** In place of the numbers of a line: why it has none. */
export function noLinesMarkdown(reasons: readonly string[], text: ServerText): string {
  return [text.hover.noLines, ...reasons].join('\n\n');
}

function messagesOf(profile: Profile): string[] {
  return [...new Set(profile.processes.flatMap((row) => row.messages))];
}

/** Inline code that shows any text as it is. */
function code(value: string): string {
  const flat = value.replaceAll(/[\r\n]+/g, ' ').replaceAll('|', '\\|');
  const fence = flat.includes('`') ? '``' : '`';
  return fence === '`' ? `\`${flat}\`` : `${fence} ${flat} ${fence}`;
}
