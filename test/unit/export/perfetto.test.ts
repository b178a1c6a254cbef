import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { exportDataOf, exported, selfByLine, Sums } from '../../support/export-data';
import { type PerfettoTrace, readPerfetto, type Slice } from '../../support/perfetto-trace';
import { traceArbitrary } from '../../support/random-cycles';

describe('Perfetto export', () => {
  it('has a slice for every state, and their sums are the threads’', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const perfetto = readPerfetto(exported(data, 'perfetto').bytes);
        const tracks = laneTracks(perfetto);
        assert.equal(tracks.length, data.profile.threads.length);
        for (const [row, track] of tracks.entries()) {
          const thread = data.profile.threads[row];
          const of = (name: string): number =>
            perfetto.slices
              .filter((slice) => slice.track === track.id && slice.name === name)
              .reduce((sum, { startNs, endNs }) => sum + endNs - startNs, 0);
          assert.deepEqual(
            [of('holding'), of('waiting'), of('off'), track.tid],
            [thread?.holdNs, thread?.waitNs, thread?.offNs, thread?.tid],
          );
        }
      }),
    );
  });

  it('puts waits on the lines where the profile has them', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const sums = new Sums();
        for (const slice of readPerfetto(exported(data, 'perfetto').bytes).slices) {
          if (slice.name !== 'waiting' || slice.line === 0) continue;
          sums.add(`${slice.file}:${slice.line}`, slice.endNs - slice.startNs);
        }
        const expected = selfByLine(data.profile, 'wait').filter(([key]) => /:[1-9]/.test(key));
        assert.deepEqual(sums.rows(), expected);
      }),
    );
  });

  it('leads an arrow from each wait to every hold of its GIL that took a sixteenth of it', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const perfetto = readPerfetto(exported(data, 'perfetto').bytes);
        const tracks = laneTracks(perfetto);
        const gilOf = (slice: Slice) =>
          data.profile.threads[tracks.findIndex(({ id }) => id === slice.track)]?.gil;
        const pairs: string[] = [];
        for (const wait of perfetto.slices.filter(({ name }) => name === 'waiting')) {
          for (const hold of perfetto.slices.filter(({ name }) => name === 'holding')) {
            if (hold.track === wait.track || gilOf(hold) !== gilOf(wait)) continue;
            const ns = Math.min(hold.endNs, wait.endNs) - Math.max(hold.startNs, wait.startNs);
            if (ns > 0 && ns * 16 >= wait.endNs - wait.startNs) pairs.push(pairOf(wait, hold));
          }
        }
        const arrows = perfetto.slices.flatMap((wait) =>
          wait.arrowsOut.map((arrow) => {
            const [hold, ...more] = perfetto.slices.filter(({ arrowsIn }) =>
              arrowsIn.includes(arrow),
            );
            assert.ok(hold && more.length === 0);
            assert.ok(wait.startNs <= hold.endNs, 'an arrow goes forward in time');
            return pairOf(wait, hold);
          }),
        );
        assert.deepEqual(arrows.sort(), pairs.sort());
        const ends = perfetto.slices.reduce((sum, { arrowsIn }) => sum + arrowsIn.length, 0);
        assert.equal(ends, arrows.length);
      }),
    );
  });

  it('has curves whose areas are the hold and the wait of the GIL', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const perfetto = readPerfetto(exported(data, 'perfetto').bytes);
        for (const gil of data.profile.gils) {
          const threads = data.profile.threads.filter((row) => row.gil === gil.id);
          const held = area(perfetto, `GIL ${gil.id} held`, data.profile.wallNs) / 100;
          const waited = area(perfetto, `GIL ${gil.id} waiting threads`, data.profile.wallNs);
          const sum = (pick: (row: (typeof threads)[number]) => number): number =>
            threads.reduce((ns, row) => ns + pick(row), 0);
          // Points stand at whole nanoseconds.
          const slack = 2 * threads.length;
          assert.ok(Math.abs(held - sum((row) => row.holdNs)) <= slack);
          assert.ok(Math.abs(waited - sum((row) => row.waitNs)) <= slack);
        }
      }),
    );
  });
});

interface LaneTrack {
  readonly id: number;
  readonly tid: number;
}

/** Tracks of threads, and those below them for further GILs, in their order: one for each row. */
function laneTracks({ tracks }: PerfettoTrace): LaneTrack[] {
  return tracks.flatMap(({ id, thread, parent }) => {
    const above = tracks.find((track) => track.id === parent)?.thread;
    const tid = thread?.tid ?? above?.tid;
    return tid === undefined ? [] : [{ id, tid }];
  });
}

function pairOf(wait: Slice, hold: Slice): string {
  return `${wait.track}@${wait.startNs} ${hold.track}@${hold.startNs}`;
}

function area({ tracks, counters }: PerfettoTrace, name: string, wallNs: number): number {
  const track = tracks.find((candidate) => candidate.name === name);
  assert.ok(track, name);
  const points = counters.get(track.id) ?? [];
  return points.reduce((sum, [atNs, value], at) => {
    const next = points[at + 1]?.[0] ?? wallNs;
    return sum + value * Math.max(next - atNs, 0);
  }, 0);
}
