import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { createEngine } from '../../server/profile/engine';
import { checkInvariants } from '../../server/profile/invariants';
import type { LineRow, Place, Profile } from '../../server/protocol';
import { naiveProfile, type NaiveLine, type NaiveThread } from '../support/naive-profile';
import { deliver, type TestTrace, traceArbitrary } from '../support/random-cycles';

const FACTS = {
  command: ['a.py'],
  startedAt: '2026-01-01T00:00:00.000Z',
  exit: { code: 0, signal: null },
  live: false,
} as const;

function profileOf(trace: TestTrace, batchLengths: readonly number[] = []): Profile {
  const engine = createEngine();
  deliver(trace, engine, batchLengths);
  return engine.snapshot(trace.state, FACTS).profile;
}

function keyOf(place: Place | null): string {
  if (place === null) return '-';
  if (place.line > 0 || place.file.startsWith('<no')) return `${place.file}:${place.line}`;
  return `${place.file}:0:${place.function}`;
}

function gilIdOf(trace: TestTrace, gil: number): string {
  const { process, interpreter } = trace.state.gils[gil] ?? { process: 0, interpreter: 0 };
  return `${trace.state.processes[process]?.pid ?? 0}/${interpreter}`;
}

function threadTable(profile: Profile): Map<string, NaiveThread> {
  return new Map(
    profile.threads.map((row) => [
      `${row.tid}@${row.gil}`,
      {
        ...{ start: row.startNs, end: row.endNs, hold: row.holdNs, wait: row.waitNs },
        ...{ off: row.offNs, blocks: row.blocksNs, acquires: row.acquires },
        ...{ contended: row.contended, forced: row.forcedReleases },
        ...{ maxHold: row.maxHoldNs, maxWait: row.maxWaitNs },
      },
    ]),
  );
}

function lineOf(row: LineRow): NaiveLine {
  return {
    hold: [row.hold.selfNs, row.hold.totalNs],
    wait: [row.wait.selfNs, row.wait.totalNs],
    off: [row.off.selfNs, row.off.totalNs],
    blocks: [row.blocks.selfNs, row.blocks.totalNs],
    ...{ acquires: row.acquires, contended: row.contended, forced: row.forcedReleases },
    ...{ maxHold: row.maxHoldNs, maxWait: row.maxWaitNs, samples: row.samples },
  };
}

function isNothing(line: NaiveLine): boolean {
  return JSON.stringify(line).replace(/[^1-9]/g, '') === '';
}

function sorted<Value>(entries: Iterable<[string, Value]>): [string, Value][] {
  return [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
}

describe('profile engine', () => {
  it('agrees with laying every wait over every hold, on random traces', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const profile = profileOf(trace);
        const naive = naiveProfile(trace);
        assert.deepEqual(
          sorted(threadTable(profile)),
          sorted(
            [...naive.threads].map(([key, row]) => {
              const [thread, gil] = key.split('/').map(Number);
              return [`${(thread ?? 0) + 1}@${gilIdOf(trace, gil ?? 0)}`, row];
            }),
          ),
        );
        assert.deepEqual(
          sorted(profile.lines.map((row) => [keyOf(row), lineOf(row)])),
          sorted([...naive.lines].filter(([, line]) => !isNothing(line))),
        );
        assert.deepEqual(
          sorted(
            profile.blame.map((row) => [
              `${row.lock}|${keyOf(row.waiter)}|${keyOf(row.holder)}`,
              row.ns,
            ]),
          ),
          sorted(
            [...naive.blame].map(([key, ns]) => {
              const [gil, waiter, holder] = key.split('|');
              return [`${gilIdOf(trace, Number(gil))}|${waiter ?? ''}|${holder ?? ''}`, ns];
            }),
          ),
        );
      }),
      { numRuns: 1500 },
    );
  });

  it('keeps every invariant on random traces', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const profile = profileOf(trace);
        assert.deepEqual(checkInvariants(profile), []);
        assert.deepEqual(
          profile.findings.filter((finding) => finding.rule === 'invariant-broken'),
          [],
        );
      }),
      { numRuns: 500 },
    );
  });

  it('does not depend on how events are cut into batches', () => {
    fc.assert(
      fc.property(traceArbitrary, fc.array(fc.integer({ min: 1, max: 9 })), (trace, lengths) => {
        assert.deepEqual(profileOf(trace, lengths), profileOf(trace));
      }),
      { numRuns: 300 },
    );
  });

  it('gives the same in the end however often it was looked at before', () => {
    fc.assert(
      fc.property(traceArbitrary, fc.nat(40), (trace, cut) => {
        const engine = createEngine();
        const first = { cycles: trace.cycles.slice(0, cut), samples: [] };
        const ends = first.cycles.map((cycle) => cycle.released);
        const early = trace.samples.filter((sample) => sample.at <= Math.max(0, ...ends));
        deliver({ ...first, samples: early }, engine, [3]);
        const idle = {
          ...trace.state,
          gils: trace.state.gils.map((gil) => ({ ...gil, openHold: null })),
          threads: trace.state.threads.map((thread) => ({ ...thread, openWait: null })),
        };
        const live = engine.snapshot(idle, { ...FACTS, live: true }).profile;
        assert.deepEqual(checkInvariants(live), []);
        deliver(
          { cycles: trace.cycles.slice(cut), samples: trace.samples.slice(early.length) },
          engine,
        );
        assert.deepEqual(engine.snapshot(trace.state, FACTS).profile, profileOf(trace));
      }),
      { numRuns: 300 },
    );
  });
});
