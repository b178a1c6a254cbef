/** Started as a worker by scripts/fuzz.mjs: reads a stretch of damaged runs, one after the other. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { FuzzInputs } from './fuzz-inputs';
import { loadSeeds } from './fuzz-seeds';
import type { Outcome } from './fuzz-verdict';

export interface FuzzTask {
  readonly folder: string;
  readonly scratch: string;
  readonly randomSeed: number;
  readonly from: number;
  readonly to: number;
  /** Inputs of one report. */
  readonly block: number;
  /** One number: that of the input which is being read. */
  readonly at: SharedArrayBuffer;
}

/** Inputs up to, not including, `to`. */
export interface FuzzReport {
  readonly from: number;
  readonly to: number;
  /** By kind of damage and outcome: inputs. */
  readonly counts: Record<string, Record<Outcome | 'bug', number>>;
  readonly slowestMs: number;
  readonly slowest: number;
  readonly faults: readonly FuzzFault[];
}

export interface FuzzFault {
  readonly index: number;
  readonly kind: string;
  readonly seed: string;
  readonly text: string;
}

async function main(task: FuzzTask): Promise<void> {
  const at = new Int32Array(task.at);
  const seeds = await loadSeeds(task.folder, task.scratch);
  const inputs = new FuzzInputs(seeds, task.randomSeed, join(task.scratch, 'damaged.gilscope'));
  for (let from = task.from; from < task.to; from += task.block) {
    const to = Math.min(from + task.block, task.to);
    parentPort?.postMessage(readBlock(inputs, from, to, at));
  }
  rmSync(join(task.scratch, 'damaged.gilscope'), { force: true });
}

function readBlock(inputs: FuzzInputs, from: number, to: number, at: Int32Array): FuzzReport {
  const counts: FuzzReport['counts'] = {};
  const faults: FuzzFault[] = [];
  let [slowest, slowestMs] = [from, 0];
  for (let index = from; index < to; index++) {
    Atomics.store(at, 0, index);
    const { kind, seed, judge } = inputs.input(index);
    const before = performance.now();
    let outcome: Outcome | 'bug' = 'bug';
    try {
      outcome = judge();
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      faults.push({ index, kind, seed, text: text.slice(0, 3000) });
    }
    const tookMs = performance.now() - before;
    if (tookMs > slowestMs) [slowest, slowestMs] = [index, tookMs];
    const row = (counts[kind] ??= { refused: 0, said: 0, whole: 0, bug: 0 });
    row[outcome]++;
  }
  return { from, to, counts, slowestMs, slowest, faults };
}

void main(workerData as FuzzTask);
