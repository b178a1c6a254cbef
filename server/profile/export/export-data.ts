import type { Place, Profile } from '../../protocol';
import type { ExportCost } from '../../protocol-export';
import type { StackTable } from '../../trace/events';
import type { LaneView } from '../lane-view';
import { SUM } from '../ledger';
import type { LockLedger } from '../lock-ledger';
import { NO_FRAME } from '../line-index';
import type { Table } from '../table';
import type { ExportLocks } from './export-locks';

/** What an export is made of: one finished profile, with what is behind its rows. */
export interface ExportData {
  readonly profile: Profile;
  readonly stacks: ExportStacks;
  /** The states of each row of `profile.threads` over time; empty where they were not kept. */
  readonly lanes: readonly LaneView[];
  readonly locks: ExportLocks;
  /** Of the longest runs: neighbouring cycles were put together. */
  readonly merged: boolean;
}

/** Costs that are known for each stack: times, and how often it found the GIL held. */
export type StackCost = ExportCost | 'contended';

/** Of a ledger, and of that of the locks: by stack. */
export interface StackSums {
  readonly gil: Table;
  readonly locks: Pick<LockLedger, 'waitNs' | 'holdNs' | 'blocksNs'>;
}

/** The stacks of a profile and what they cost, themselves. */
export class ExportStacks {
  /** Stacks are 0 … count - 1; a caller comes before whom it calls. */
  readonly count: number;
  /** Frame 0 stands for: no Python frame. */
  readonly frames: readonly Place[];
  readonly #table: StackTable;
  readonly #sums: StackSums;

  constructor(table: StackTable, sums: StackSums, count: number) {
    this.#table = table;
    this.#sums = sums;
    this.count = count;
    this.frames = [NO_FRAME, ...table.locations];
  }

  cost(stack: number, cost: StackCost): number {
    const { gil, locks } = this.#sums;
    switch (cost) {
      case 'hold':
        return gil.get(stack, SUM.holdNs);
      case 'wait':
        return gil.get(stack, SUM.waitNs);
      case 'blocks':
        return gil.get(stack, SUM.blocksNs);
      case 'off':
        return gil.get(stack, SUM.offNs);
      case 'contended':
        return gil.get(stack, SUM.contended);
      case 'lock-wait':
        return locks.waitNs[stack] ?? 0;
      case 'lock-hold':
        return locks.holdNs[stack] ?? 0;
      case 'lock-blocks':
        return locks.blocksNs[stack] ?? 0;
    }
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
