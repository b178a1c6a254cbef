import type { Place, Profile } from '../../protocol';
import type { StackTable } from '../../trace/events';
import type { LaneView } from '../lane-view';
import { SUM } from '../ledger';
import { NO_FRAME } from '../line-index';
import type { Table } from '../table';

/** What an export is made of: one finished profile, with what is behind its rows. */
export interface ExportData {
  readonly profile: Profile;
  readonly stacks: ExportStacks;
  /** The states of each row of `profile.threads` over time; empty where they were not kept. */
  readonly lanes: readonly LaneView[];
  /** Of the longest runs: neighbouring cycles were put together. */
  readonly merged: boolean;
}

/** Costs that are known for each stack. */
export const STACK_COSTS = {
  hold: SUM.holdNs,
  wait: SUM.waitNs,
  blocks: SUM.blocksNs,
  off: SUM.offNs,
  contended: SUM.contended,
} as const;
export type StackCost = keyof typeof STACK_COSTS;

/** The stacks of a profile and what they cost, themselves. */
export class ExportStacks {
  /** Stacks are 0 … count - 1; a caller comes before whom it calls. */
  readonly count: number;
  /** Frame 0 stands for: no Python frame. */
  readonly frames: readonly Place[];
  readonly #table: StackTable;
  readonly #sums: Table;

  /** @param sums Of a ledger's nodes, by stack. */
  constructor(table: StackTable, sums: Table, count: number) {
    this.#table = table;
    this.#sums = sums;
    this.count = count;
    this.frames = [NO_FRAME, ...table.locations];
  }

  cost(stack: number, cost: StackCost): number {
    return this.#sums.get(stack, STACK_COSTS[cost]);
  }

  /** A stack that came after the profile was made has no frames yet. */
  known(stack: number): number {
    return stack < this.count ? stack : 0;
  }

  /** The caller's stack; 0: none. */
  parentOf(stack: number): number {
    const parent = this.#table.parentOf(stack);
    return parent < stack ? parent : 0;
  }

  /** The innermost frame. */
  frameOf(stack: number): number {
    return stack === 0 ? 0 : this.#table.locationOf(stack) + 1;
  }

  /** Frames from the outermost to the innermost; the empty stack has the frame 0. */
  path(stack: number): number[] {
    const path: number[] = [];
    for (let at = stack; at > 0; at = this.parentOf(at)) path.push(this.frameOf(at));
    return path.length === 0 ? [0] : path.reverse();
  }
}

/** `work (shop.py:12)`: the file by its name where no other file of the profile has it. */
export function frameNames(frames: readonly Place[]): string[] {
  const filesOf = new Map<string, Set<string>>();
  for (const { file } of frames) {
    const files = filesOf.get(baseOf(file)) ?? new Set<string>();
    filesOf.set(baseOf(file), files.add(file));
  }
  return frames.map((frame) => {
    if (frame.file === NO_FRAME.file) return frame.file;
    const base = baseOf(frame.file);
    const file = filesOf.get(base)?.size === 1 ? base : frame.file;
    const place = frame.line > 0 ? `${file}:${frame.line}` : file;
    return frame.function === '' ? place : `${frame.function} (${place})`;
  });
}

function baseOf(file: string): string {
  return file.startsWith('<') ? file : (file.split(/[\\/]/).at(-1) ?? file);
}
