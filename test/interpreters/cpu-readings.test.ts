/** When a thread's CPU clock is read: where a time off the GIL begins or ends, and not where it only waits for its turn. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { BATCH_FLAG } from '../../server/trace/events';
import type { CollectedCycle, CollectedReading } from '../support/collect-events';
import { halfOfPythons, titleOf } from '../support/pythons';
import { tracedRun } from '../support/traced-run';

const LONG_HOLD_NS = 200_000;
/** Ticks are converted to nanoseconds. */
const ROUNDING_NS = 2;

describe('readings of the CPU clock', { concurrency: 2 }, () => {
  for (const python of halfOfPythons('one'))
    it(`on ${titleOf(python)}`, () => readingsOf(python.path));
});

interface Releases {
  /** Those after which the thread asked again at once: how many, and how many readings were made there. */
  forced: number;
  readAtForced: number;
  /** The others, since the last reading before which it had held for long. */
  voluntary: number;
  readAtVoluntary: number;
}

async function readingsOf(python: string): Promise<void> {
  const { sink, state } = await tracedRun(python, 'sleepers.py');
  const sums: Releases = { forced: 0, readAtForced: 0, voluntary: 0, readAtVoluntary: 0 };
  for (const thread of state.threads.keys()) {
    const ofThread = (one: { readonly thread: number }): boolean => one.thread === thread;
    count(sink.allCycles.filter(ofThread), sink.allReadings.filter(ofThread), sums);
  }
  assert.ok(sums.forced >= 10 && sums.voluntary >= 10, JSON.stringify(sums));
  assert.equal(sums.readAtForced, 0, `of ${sums.forced} forced releases`);
  assert.equal(sums.readAtVoluntary, sums.voluntary, JSON.stringify(sums));
}

function count(
  cycles: readonly CollectedCycle[],
  readings: readonly CollectedReading[],
  sums: Releases,
): void {
  let isBehind = false;
  for (const [i, { acquired, released }] of cycles.entries()) {
    const next = cycles[i + 1];
    if (next === undefined) break;
    const isRead = readings.some(({ at }) => Math.abs(at - released) <= ROUNDING_NS);
    const isForced = (next.flags & BATCH_FLAG.afterForced) !== 0;
    isBehind ||= released - acquired > LONG_HOLD_NS;
    if (isForced) {
      sums.forced++;
      if (isRead) sums.readAtForced++;
    } else if (isBehind) {
      sums.voluntary++;
      if (isRead) sums.readAtVoluntary++;
    }
    isBehind &&= isForced;
  }
}
