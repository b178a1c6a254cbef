import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lostOf } from '../../../server/profile/lost';
import type { LostReason, TraceState } from '../../../server/trace/events';
import { processState, stackTable } from '../../support/random-cycles';

function lost(lostSamples: number, lostEvents = 0, lostReasons: LostReason[] = []) {
  const state: TraceState = {
    processes: [processState({ samplesTaken: 1000, lostSamples, lostEvents, lostReasons })],
    threads: [],
    gils: [],
    locks: [],
    aggregates: [],
    stacks: stackTable([], []),
  };
  return lostOf(state);
}

test('a few samples that could not be read are counted, and no cause for alarm', () => {
  assert.deepEqual(lost(3), { events: 0, samples: 3, reason: null });
  assert.deepEqual(lost(0), { events: 0, samples: 0, reason: null });
});

test('many missed samples, and any missed event, are said', () => {
  assert.match(lost(50).reason ?? '', /50 samples are missing/);
  assert.match(
    lost(3, 1, ['bounded']).reason ?? '',
    /size limit\. 1 GIL cycle is only in the totals/,
  );
});
