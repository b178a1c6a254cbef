import type { Lane } from '../../server/protocol-chart';
import { programOf } from './programs';

/** A row of the timeline: the heading of a process, one for each program that it became, or a lane. */
export type Row =
  | { readonly kind: 'process'; readonly id: string }
  | { readonly kind: 'lane'; readonly lane: number };

/** Orders of the lanes: as they started, or the largest cost first. */
export const LANE_ORDERS = ['start', 'wait', 'blocks', 'hold'] as const;
export type LaneOrder = (typeof LANE_ORDERS)[number];

/**
 * Lanes grouped by process; headings only if there are several processes. In the order of starting the groups are in
 * the order in which the profile names them, else that with the largest lane comes first.
 *
 * @param wanted indexes of the lanes to show; null: all
 */
export function buildRows(
  lanes: readonly Lane[],
  order: LaneOrder = 'start',
  wanted: readonly number[] | null = null,
): readonly Row[] {
  const shown = wanted === null ? null : new Set(wanted);
  const indexes = [...lanes.keys()].filter((index) => shown?.has(index) !== false);
  if (order !== 'start') {
    const cost = (index: number): number => lanes[index]?.[`${order}Ns`] ?? 0;
    indexes.sort((a, b) => cost(b) - cost(a) || a - b);
  }
  const programs = lanes.map(programOf);
  const byProgram = new Map<string, number[]>();
  for (const index of indexes) {
    const program = programs[index] ?? '';
    const group = byProgram.get(program);
    if (group === undefined) byProgram.set(program, [index]);
    else group.push(index);
  }
  const several = new Set(programs).size > 1;
  const rows: Row[] = [];
  for (const [id, members] of byProgram) {
    if (several) rows.push({ kind: 'process', id });
    for (const lane of members) rows.push({ kind: 'lane', lane });
  }
  return rows;
}

/** Few lanes are drawn tall, many small. CSS pixels, with the gap. */
export function rowPitch(rowCount: number): number {
  if (rowCount <= 6) return 36;
  return rowCount <= 16 ? 28 : 22;
}

export function barHeight(pitch: number): number {
  return pitch - 8;
}

export function rowAt(y: number, pitch: number, rows: readonly Row[]): number | null {
  const row = Math.floor(y / pitch);
  return row >= 0 && row < rows.length ? row : null;
}

export function rowOfLane(rows: readonly Row[], lane: number): number | null {
  const row = rows.findIndex((candidate) => candidate.kind === 'lane' && candidate.lane === lane);
  return row < 0 ? null : row;
}

/** The lane above or below, skipping headings; the same at the end. */
export function neighbourLane(rows: readonly Row[], lane: number, step: 1 | -1): number {
  const from = rowOfLane(rows, lane);
  if (from === null) return lane;
  for (let row = from + step; row >= 0 && row < rows.length; row += step) {
    const candidate = rows[row];
    if (candidate?.kind === 'lane') return candidate.lane;
  }
  return lane;
}

export interface Distinction {
  readonly tid: boolean;
  readonly gil: boolean;
}

/** What must stand beside each lane's name to tell it from the others of its process. */
export function distinctions(lanes: readonly Lane[]): readonly Distinction[] {
  const nameKey = (lane: Lane): string => `${programOf(lane)}\n${lane.name}`;
  const tids = new Map<string, Set<number>>();
  const perThread = new Map<string, number>();
  for (const lane of lanes) {
    const threads = tids.get(nameKey(lane)) ?? new Set<number>();
    tids.set(nameKey(lane), threads.add(lane.tid));
    const thread = `${nameKey(lane)}\n${lane.tid}`;
    perThread.set(thread, (perThread.get(thread) ?? 0) + 1);
  }
  return lanes.map((lane) => ({
    tid: lane.name !== '' && (tids.get(nameKey(lane))?.size ?? 0) > 1,
    gil: (perThread.get(`${nameKey(lane)}\n${lane.tid}`) ?? 0) > 1,
  }));
}
