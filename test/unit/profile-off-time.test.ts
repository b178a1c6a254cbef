import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { OffTime } from '../../server/profile/off-time';

function charges(): {
  readonly sums: Map<number, number>;
  add: (cell: number, ns: number) => void;
} {
  const sums = new Map<number, number>();
  return { sums, add: (cell, ns) => void sums.set(cell, (sums.get(cell) ?? 0) + ns) };
}

test('CPU time beyond the holds is native, and shared by the times off since the last reading', () => {
  const offTime = new OffTime();
  const charged = charges();
  offTime.add(9, 5000);
  offTime.read({ atNs: 100, cpuNs: 1000, heldNs: 400 });
  offTime.settle(100, 400, charged.add);
  assert.deepEqual([...charged.sums], [], 'the first reading is only a beginning');

  // 700 ns on a CPU, of which it held 100: 600 native in 900 off, by length.
  offTime.add(1, 300);
  offTime.add(2, 600);
  offTime.read({ atNs: 1200, cpuNs: 1700, heldNs: 500 });
  offTime.settle(1199, 500, charged.add);
  assert.deepEqual([...charged.sums], [], 'that reading is later');
  offTime.settle(1200, 500, charged.add);
  assert.deepEqual(
    [...charged.sums],
    [
      [1, 200],
      [2, 400],
    ],
  );

  // Blocked all the time; then more CPU time than time off (a hold was shorter on the CPU).
  offTime.add(3, 1000);
  offTime.read({ atNs: 3000, cpuNs: 1800, heldNs: 650 });
  offTime.settle(3000, 650, charged.add);
  offTime.add(4, 10);
  offTime.read({ atNs: 4000, cpuNs: 2800, heldNs: 650 });
  offTime.settle(4000, 650, charged.add);
  assert.equal(charged.sums.get(3), undefined);
  assert.equal(charged.sums.get(4), 10);
});

test('a sample in a long hold takes the time in which the thread had lost its core out of the sum', () => {
  const offTime = new OffTime();
  const charged = charges();
  offTime.read({ atNs: 0, cpuNs: 0, heldNs: 0 });
  offTime.settle(0, 0, charged.add);
  // Held 6 ms, of which 2 on a CPU; then 10 ms of native code.
  offTime.sampled(5_900_000, 2_000_000, 6_000_000, charged.add);
  offTime.add(1, 10_000_000);
  offTime.read({ atNs: 16_000_000, cpuNs: 12_000_000, heldNs: 6_000_000 });
  offTime.settle(16_000_000, 6_000_000, charged.add);
  assert.deepEqual([...charged.sums], [[1, 10_000_000]]);
});

test('never more native than off, however the clocks read', () => {
  const step = fc.record({
    cell: fc.nat(3),
    offNs: fc.nat(1_000_000),
    cpuNs: fc.nat(1_000_000),
    heldNs: fc.nat(1_000_000),
    reads: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const offTime = new OffTime();
      const charged = charges();
      const off = charges();
      let now = 0;
      let cpuNs = 0;
      let heldNs = 0;
      for (const one of steps) {
        now += 1;
        cpuNs += one.cpuNs;
        heldNs += one.heldNs;
        offTime.add(one.cell, one.offNs);
        off.add(one.cell, one.offNs);
        if (one.reads) offTime.read({ atNs: now, cpuNs, heldNs });
        offTime.settle(now, heldNs, charged.add);
      }
      for (const [cell, ns] of charged.sums) {
        assert.ok(Number.isInteger(ns) && ns >= 0 && ns <= (off.sums.get(cell) ?? 0));
      }
    }),
  );
});

test('a reading at the release leaves nothing to guess, and a sample before it says nothing more', () => {
  const offTime = new OffTime();
  const charged = charges();
  offTime.read({ atNs: 0, cpuNs: 0, heldNs: 0 });
  offTime.settle(0, 0, charged.add);
  // Held 6 ms, of which 1 on a CPU, read at the release; the sample was of another moment.
  offTime.read({ atNs: 6_000_000, cpuNs: 1_000_000, heldNs: 6_000_000 });
  offTime.settle(6_000_000, 6_000_000, charged.add);
  offTime.sampled(5_000_000, 3_000_000, 6_000_000, charged.add);
  offTime.add(1, 10_000_000);
  // Then a short hold with nothing but a sample, at once after which the clock says 9 ms of native code.
  offTime.read({ atNs: 16_000_000, cpuNs: 10_000_000, heldNs: 6_000_000 });
  offTime.settle(16_000_000, 6_000_000, charged.add);
  offTime.sampled(16_100_000, 10_100_000, 6_100_000, charged.add);
  offTime.add(2, 1_000_000);
  offTime.read({ atNs: 17_100_000, cpuNs: 10_600_000, heldNs: 6_100_000 });
  offTime.settle(17_100_000, 6_100_000, charged.add);
  assert.deepEqual(
    [...charged.sums],
    [
      [1, 9_000_000],
      [2, 500_000],
    ],
  );
});
