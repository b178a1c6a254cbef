import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Chart } from '../../server/profile/chart';
import { histogramBin } from '../../server/profile/scope-sums';
import { evidenceOf } from '../../server/profile/evidence';
import { runAll } from '../../server/profile/stretches';
import type { Finding, Place } from '../../server/protocol';
import { HISTOGRAM_STEPS, type Flame, type Scope } from '../../server/protocol-analysis';
import { askChart } from '../support/ask-chart';
import {
  analysed,
  chartOf,
  placeName,
  stretchesOf,
  unsampled,
  type PlacedStretch,
} from '../support/chart-stretches';

const share = fc.double({ min: 0, max: 1, noNaN: true });
const scopeArbitrary = fc.record({
  from: share,
  to: share,
  lanes: fc.option(fc.array(fc.nat(6), { maxLength: 4 }), { nil: null }),
});
type ScopeShares = typeof scopeArbitrary extends fc.Arbitrary<infer Value> ? Value : never;

function scopeOf({ from, to, lanes }: ScopeShares, wallNs: number): Scope {
  const [a, b] = [Math.floor(from * wallNs), Math.floor(to * wallNs)];
  const fromNs = Math.min(a, b);
  return { fromNs, toNs: Math.max(fromNs + 1, Math.max(a, b)), lanes };
}

/** A wait and a hold of one GIL that overlap in the scope. */
interface Overlap {
  readonly wait: PlacedStretch;
  readonly hold: PlacedStretch;
  readonly ns: number;
}

function cutNs({ from, to }: PlacedStretch, scope: Scope): number {
  return Math.min(to, scope.toNs) - Math.max(from, scope.fromNs);
}

function overlapsOf(chart: Chart, all: readonly PlacedStretch[], scope: Scope): Overlap[] {
  const { lanes } = chart.meta();
  const gilOf = ({ lane }: PlacedStretch): string => lanes[lane]?.gil ?? '';
  const holds = all.filter(({ state }) => state === 'holding');
  return all
    .filter(({ state }) => state === 'waiting')
    .flatMap((wait) =>
      holds.flatMap((hold) => {
        const [from, to] = [Math.max(wait.from, hold.from), Math.min(wait.to, hold.to)];
        const ns = Math.min(to, scope.toNs) - Math.max(from, scope.fromNs);
        return ns > 0 && gilOf(wait) === gilOf(hold) ? [{ wait, hold, ns }] : [];
      }),
    );
}

function add(sums: Map<string, number>, key: string, ns: number): void {
  if (ns > 0) sums.set(key, (sums.get(key) ?? 0) + ns);
}

/** As the product names the place of a line. */
function shown(place: Place | null): string {
  if (place === null) return 'nobody';
  return place.file === '<no Python frame>' ? '-' : placeName(place);
}

function nonZero(rows: readonly (readonly [string, number])[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const [key, ns] of rows) add(sums, key, ns);
  return sums;
}

/** What is charged to a box and to none of the boxes above it, by line. */
function selfOf(flame: Flame): Map<string, number> {
  const sums = new Map<string, number>();
  flame.depth.forEach((depth, box) => {
    const [from = 0, to = 0] = [flame.from[box], flame.to[box]];
    let ns = to - from;
    flame.depth.forEach((other, child) => {
      const [start = 0, end = 0] = [flame.from[child], flame.to[child]];
      if (other === depth + 1 && start >= from && end <= to) ns -= end - start;
    });
    const place = flame.frames[flame.frame[box] ?? -1];
    assert.ok(place);
    add(sums, shown(place), ns);
  });
  return sums;
}

const FINDING = { severity: 'warning', message: '' } as const;

function threadOf(tid: number | null): Finding['evidence'] {
  return tid === null ? {} : { thread: tid };
}

describe('analysis of a part of the run', () => {
  it('sums lanes, lines, pairs and lengths as laying every wait over every hold does', () => {
    fc.assert(
      fc.property(unsampled, scopeArbitrary, (trace, shares) => {
        const chart = chartOf(trace);
        const scope = scopeOf(shares, chart.meta().wallNs);
        const { sums } = askChart(chart, { kind: 'sums', scope });
        const all = stretchesOf(trace, chart);
        const isWanted = (lane: number): boolean => scope.lanes?.includes(lane) !== false;
        const mine = all.filter((each) => isWanted(each.lane) && cutNs(each, scope) > 0);
        const overlaps = overlapsOf(chart, all, scope);
        const byLane = new Map<string, number>();
        const byLine = new Map<string, number>();
        const lengths = { holding: new Map<number, number>(), waiting: new Map<number, number>() };
        for (const each of mine) {
          add(byLane, `${each.lane} ${each.state}`, cutNs(each, scope));
          add(byLine, `${each.place} ${each.state}`, cutNs(each, scope));
          if (each.state !== 'holding' && each.state !== 'waiting') continue;
          const bin = histogramBin(each.to - each.from);
          const counts = lengths[each.state];
          counts.set(bin, (counts.get(bin) ?? 0) + 1);
        }
        const pairs = new Map<string, number>();
        for (const { wait, hold, ns } of overlaps) {
          if (isWanted(hold.lane)) {
            add(byLane, `${hold.lane} blocks`, ns);
            add(byLine, `${hold.place} blocks`, ns);
          }
          const gil = chart.meta().lanes[wait.lane]?.gil ?? '';
          if (isWanted(wait.lane)) add(pairs, `${gil}|${wait.place}|${hold.place}`, ns);
        }
        for (const wait of mine.filter(({ state }) => state === 'waiting')) {
          const charged = overlaps.filter((each) => each.wait === wait);
          const ns = cutNs(wait, scope) - charged.reduce((sum, each) => sum + each.ns, 0);
          const gil = chart.meta().lanes[wait.lane]?.gil ?? '';
          add(pairs, `${gil}|${wait.place}|nobody`, ns);
        }
        const laneRows = sums.lanes.flatMap((row) => [
          [`${row.lane} holding`, row.holdNs] as const,
          [`${row.lane} waiting`, row.waitNs] as const,
          [`${row.lane} off`, row.offNs] as const,
          [`${row.lane} blocks`, row.blocksNs] as const,
        ]);
        assert.deepEqual(nonZero(laneRows), byLane);
        const lineRows = sums.lines.flatMap((row) => [
          [`${shown(row)} holding`, row.hold.selfNs] as const,
          [`${shown(row)} waiting`, row.wait.selfNs] as const,
          [`${shown(row)} off`, row.off.selfNs] as const,
          [`${shown(row)} blocks`, row.blocks.selfNs] as const,
        ]);
        assert.deepEqual(nonZero(lineRows), byLine);
        const blame = sums.blame.map(
          (row) => [`${row.lock}|${shown(row.waiter)}|${shown(row.holder)}`, row.ns] as const,
        );
        assert.deepEqual(nonZero(blame), pairs);
        for (const [state, counts] of Object.entries(lengths)) {
          const bins = sums.histograms[state === 'holding' ? 'hold' : 'wait'];
          const found = bins.flatMap((count, bin) => (count > 0 ? [[bin, count] as const] : []));
          assert.deepEqual(new Map(found), counts);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('puts lengths into bins of a log axis', () => {
    const starts = [1, 10, 1000, 1e6, 1e9];
    assert.deepEqual(
      starts.map((ns) => histogramBin(ns)),
      [0, 1, 3, 6, 9].map((power) => power * HISTOGRAM_STEPS),
    );
    assert.equal(histogramBin(999_999), 6 * HISTOGRAM_STEPS - 1);
    assert.equal(histogramBin(0), 0);
  });

  it('draws flames whose boxes hold what the lines cost', () => {
    fc.assert(
      fc.property(unsampled, scopeArbitrary, (trace, shares) => {
        const chart = chartOf(trace);
        const scope = scopeOf(shares, chart.meta().wallNs);
        const { sums } = askChart(chart, { kind: 'sums', scope });
        for (const cost of ['hold', 'wait', 'blocks'] as const) {
          const { flame } = askChart(chart, { kind: 'flame', scope, cost, order: 'merged' });
          const lines = nonZero(sums.lines.map((row) => [shown(row), row[cost].selfNs] as const));
          assert.deepEqual(selfOf(flame), lines);
          assert.equal(
            flame.totalNs,
            [...lines.values()].reduce((sum, ns) => sum + ns, 0),
          );
        }
      }),
      { numRuns: 200 },
    );
  });

  it('draws flames in the order of time: the stack of the only hold in a column', () => {
    fc.assert(
      fc.property(unsampled, (trace) => {
        const chart = chartOf(trace);
        const { wallNs, lanes } = chart.meta();
        const scope = { fromNs: 0, toNs: wallNs, lanes: null };
        const { flame } = askChart(chart, { kind: 'flame', scope, cost: 'hold', order: 'time' });
        const all = stretchesOf(trace, chart).filter(({ state }) => state === 'holding');
        if (lanes.length === 0) return;
        const columnNs = wallNs / 1024;
        for (let column = 0; column < 1024; column += 13) {
          const [from, to] = [column * columnNs, (column + 1) * columnNs];
          const here = all.filter((hold) => hold.from < to && hold.to > from);
          const middle = (from + to) / 2;
          const boxes = flame.from.flatMap((start, box) =>
            start <= middle && (flame.to[box] ?? 0) > middle ? [box] : [],
          );
          const [deepest] = boxes.sort((a, b) => (flame.depth[b] ?? 0) - (flame.depth[a] ?? 0));
          const place = flame.frames[flame.frame[deepest ?? -1] ?? -1] ?? null;
          const places = new Set(here.map((hold) => hold.place));
          assert.equal(place === null, here.length === 0);
          if (place !== null) assert.ok(places.has(shown(place)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('draws curves of what was held and waited', () => {
    fc.assert(
      fc.property(unsampled, scopeArbitrary, fc.integer({ min: 1, max: 9 }), (trace, at, bins) => {
        const chart = chartOf(trace);
        const { wallNs, lanes } = chart.meta();
        const { fromNs, toNs } = scopeOf(at, wallNs);
        const { curves } = askChart(chart, { kind: 'curves', fromNs, toNs, bins });
        const all = stretchesOf(trace, chart);
        for (let bin = 0; bin < bins; bin++) {
          const width = (toNs - fromNs) / bins;
          const scope = {
            fromNs: fromNs + bin * width,
            toNs: fromNs + (bin + 1) * width,
            lanes: null,
          };
          const held = new Map<string, number>();
          let queue = 0;
          for (const each of all) {
            const part = Math.max(0, cutNs(each, scope)) / width;
            const gil = lanes[each.lane]?.gil ?? '';
            if (each.state === 'holding') held.set(gil, (held.get(gil) ?? 0) + part);
            if (each.state === 'waiting') queue += part;
          }
          const loads = [...held.values()];
          const near = (actual: number | undefined, expected: number): void =>
            assert.ok(Math.abs((actual ?? NaN) - expected) < 1e-4, `${actual ?? '-'} ${expected}`);
          near(curves.gilLoad[bin], Math.max(0, ...loads));
          near(
            curves.parallel[bin],
            loads.reduce((sum, load) => sum + load, 0),
          );
          near(curves.queue[bin], queue);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('finds idle time: nothing else, and all that is longer than two bins more', () => {
    fc.assert(
      fc.property(unsampled, fc.integer({ min: 1, max: 30 }), (trace, leastNs) => {
        const chart = chartOf(trace);
        const { wallNs } = chart.meta();
        const { spans } = askChart(chart, { kind: 'idle', leastNs });
        const busy = stretchesOf(trace, chart).filter(({ state }) => state !== 'off');
        for (const { startNs, endNs } of spans) {
          assert.ok(endNs - startNs >= leastNs);
          assert.ok(busy.every(({ from, to }) => to <= startNs || from >= endNs));
        }
        const edges = [0, ...busy.flatMap(({ from, to }) => [from, to]), wallNs];
        for (const start of edges) {
          const end = Math.min(...edges.filter((edge) => edge > start), wallNs);
          const middle = (start + end) / 2;
          if (end - start < leastNs + 2 + (2 * wallNs) / 65536) continue;
          if (busy.some(({ from, to }) => from < middle && to > middle)) continue;
          assert.ok(spans.some((span) => span.startNs < middle && span.endNs > middle));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('lists segments, and finds lanes by file', () => {
    fc.assert(
      fc.property(unsampled, (trace) => {
        const chart = chartOf(trace);
        const all = stretchesOf(trace, chart);
        const { wallNs, lanes } = chart.meta();
        const wanted: number[] = [];
        for (const lane of lanes.keys()) {
          const mine = all.filter((each) => each.lane === lane);
          const question = { kind: 'segments', lane, fromNs: 0, toNs: wallNs, limit: 200 } as const;
          const { segments } = askChart(chart, question);
          assert.deepEqual(
            segments.map(({ state, startNs, endNs }) => [state, startNs, endNs]),
            mine.map(({ state, from, to }) => [state, from, to]),
          );
          const first = askChart(chart, { ...question, fromNs: Math.floor(wallNs / 2), limit: 2 });
          assert.ok(first.segments.length <= 2);
          if (mine.some(({ place }) => place.startsWith('/b.py'))) wanted.push(lane);
        }
        const inFiles = (...files: string[]): readonly number[] =>
          askChart(chart, { kind: 'lanesAt', files, locks: [] }).lanes;
        const found = inFiles('B.py');
        // Lanes with a caller in the file are found, too.
        assert.ok(wanted.every((lane) => found.includes(lane)));
        assert.deepEqual(inFiles('none.py'), []);
        const either = new Set([...found, ...inFiles('a.py')]);
        assert.deepEqual(new Set(inFiles('b.py', 'A.py')), either);
        assert.deepEqual(
          askChart(chart, { kind: 'lanesAt', files: [], locks: ['none'] }).lanes,
          [],
        );
      }),
      { numRuns: 200 },
    );
  });

  it('finds the longest segment of a line, and what shows a finding', () => {
    fc.assert(
      fc.property(unsampled, fc.nat(5), (trace, tid) => {
        const chart = chartOf(trace);
        const all = stretchesOf(trace, chart);
        const { lanes } = chart.meta();
        const longest = (some: readonly PlacedStretch[]): number =>
          some.reduce((most, { from, to }) => Math.max(most, to - from), 0);
        const lengthOf = (found: { readonly startNs: number; readonly endNs: number } | null) =>
          found === null ? 0 : found.endNs - found.startNs;
        const here = all.filter(({ place }) => place === '/a.py:2');
        const busy = here.filter(({ state }) => state !== 'off');
        const { segment } = askChart(chart, { kind: 'longestAt', file: '/a.py', line: 2 });
        assert.equal(lengthOf(segment), longest(busy.length > 0 ? busy : here));
        const none = askChart(chart, { kind: 'longestAt', file: '/none.py', line: 2 });
        assert.equal(none.segment, null);

        const { engine, timeline, snapshot } = analysed(trace);
        const views = timeline.views(snapshot);
        const tids = lanes.map((lane) => lane.tid);
        const finding = (rule: Finding['rule'], where: Finding['where'], of: number | null) =>
          runAll(
            evidenceOf(
              { views, lines: engine.lines, tids, lockIdOf: () => null },
              { ...FINDING, rule, where, evidence: threadOf(of) },
            ),
          )?.segment ?? null;
        const where = { file: '/a.py', line: 2 };
        const holds = here.filter(({ state }) => state === 'holding');
        assert.equal(lengthOf(finding('native-holds-gil', where, null)), longest(holds));
        const waits = all.filter(({ state }) => state === 'waiting');
        assert.equal(lengthOf(finding('gil-not-the-problem', null, null)), longest(waits));
        const own = waits.filter(({ lane }) => tids[lane] === tid);
        assert.equal(lengthOf(finding('convoy', null, tid)), longest(own));
      }),
      { numRuns: 200 },
    );
  });

  it('says who let a waiter go', () => {
    fc.assert(
      fc.property(unsampled, (trace) => {
        const chart = chartOf(trace);
        const { lanes } = chart.meta();
        const all = stretchesOf(trace, chart);
        for (const wait of all.filter(({ state }) => state === 'waiting')) {
          const { lane: waiter, from: atNs } = wait;
          const segment = chart.segment({ kind: 'segment', lane: waiter, atNs, step: 'at' });
          const gil = lanes[wait.lane]?.gil;
          const ends = all
            .filter(
              ({ lane, state, to }) =>
                state === 'holding' &&
                lane !== wait.lane &&
                lanes[lane]?.gil === gil &&
                to > wait.from &&
                to <= wait.to,
            )
            .map(({ to }) => to);
          const isOpen = wait.to === lanes[wait.lane]?.endNs;
          const expected = isOpen || ends.length === 0 ? null : Math.max(...ends);
          assert.equal(segment?.releasedBy?.endNs ?? null, expected);
          const held = (segment?.holds ?? []).reduce(
            (sum, hold) => sum + hold.endNs - hold.startNs,
            0,
          );
          assert.equal(
            held,
            segment?.holders.reduce((sum, { ns }) => sum + ns, 0),
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});
