import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { compareProfiles } from '../../../server/profile/compare/compare-profiles';
import { comparisonText } from '../../../server/profile/compare/comparison-text';
import { changeOfCount, changeOfTime } from '../../../server/profile/compare/spread';
import type { Profile } from '../../../server/protocol';
import { LINE_COSTS } from '../../../server/protocol-comparison';
import { exportDataOf } from '../../support/export-data';
import { seeded } from '../../support/fake-run';
import { emptyProfile, lineRow, threadRow } from '../../support/profiles';
import { traceArbitrary } from '../../support/random-cycles';

const FILE = '/srv/shop/app.py';
const side = (profile: Profile, text: string | null = null) => ({
  profile,
  lineHashes: (file: string) => (file === FILE && text !== null ? Array.from(text) : null),
});

describe('a comparison', () => {
  it('has every number of both profiles once', () => {
    fc.assert(
      fc.property(traceArbitrary, traceArbitrary, (a, b) => {
        const [before, after] = [exportDataOf(a).profile, exportDataOf(b).profile];
        const { lines, threads, totals } = compareProfiles(side(before), side(after));
        const sum = (numbers: readonly number[]): number => numbers.reduce((x, y) => x + y, 0);
        const haveLines = [before, after].map((of) => of.lines.some((row) => row.line > 0));
        fc.pre(haveLines[0] === haveLines[1]);
        for (const cost of LINE_COSTS) {
          for (const kind of ['self', 'total'] as const) {
            const field = kind === 'self' ? 'selfNs' : 'totalNs';
            const numbers = (of: Profile): number[] => of.lines.map((row) => row[cost][field]);
            assert.equal(sum(lines.map((line) => line[kind][cost].before)), sum(numbers(before)));
            assert.equal(sum(lines.map((line) => line[kind][cost].after)), sum(numbers(after)));
          }
        }
        for (const [metric, field] of [
          ['hold', 'holdNs'],
          ['wait', 'waitNs'],
          ['blocks', 'blocksNs'],
          ['off', 'offNs'],
        ] as const) {
          const of = (profile: Profile): number => sum(profile.threads.map((row) => row[field]));
          assert.deepEqual([totals[metric].before, totals[metric].after], [of(before), of(after)]);
          assert.equal(sum(threads.map((row) => row[metric].before)), of(before));
          assert.equal(sum(threads.map((row) => row[metric].after)), of(after));
        }
      }),
    );
  });

  it('of a profile with itself finds no difference', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const { profile } = exportDataOf(trace);
        const { lines, threads, totals } = compareProfiles(side(profile), side(profile));
        for (const { self, total, match } of lines) {
          assert.equal(match, 'number');
          for (const cost of LINE_COSTS) {
            assert.equal(self[cost].before, self[cost].after);
            assert.equal(total[cost].before, total[cost].after);
          }
        }
        for (const { before, after } of threads) assert.deepEqual(before, after);
        for (const { before, after } of Object.values(totals)) assert.equal(before, after);
      }),
    );
  });

  const before = emptyProfile({
    threads: [
      threadRow(1, 'w', {
        holdNs: 30e6,
        waitNs: 310e6,
        acquires: 100,
        contended: 62,
        maxWaitNs: 6e6,
      }),
    ],
    lines: [
      lineRow(FILE, 2, 'f', { waitNs: 310e6, contended: 62, maxWaitNs: 6e6 }),
      lineRow(FILE, 3, 'f', { holdNs: 20e6, acquires: 400, maxHoldNs: 1e6 }),
      lineRow(FILE, 4, 'g', { holdNs: 10e6, acquires: 1, maxHoldNs: 10e6 }),
    ],
  });
  const after = emptyProfile({
    wallNs: 5e8,
    threads: [
      threadRow(9, 'w', {
        holdNs: 21e6,
        waitNs: 40e6,
        acquires: 100,
        contended: 20,
        maxWaitNs: 5e6,
      }),
    ],
    lines: [
      lineRow(FILE, 5, 'f', { waitNs: 40e6, contended: 20, maxWaitNs: 5e6 }),
      lineRow(FILE, 6, 'f', { holdNs: 21e6, acquires: 400, maxHoldNs: 1e6 }),
    ],
  });

  it('follows lines through an edit', () => {
    // Three lines were put above, line 3 was written anew, line 4 taken out.
    const { lines } = compareProfiles(side(before, 'abcd'), side(after, 'xyzabC'));
    const table = lines.map(({ match, before: old, after: now, self }) => [
      match,
      old?.line ?? null,
      now?.line ?? null,
      self.wait.before + self.hold.before,
      self.wait.after + self.hold.after,
    ]);
    assert.deepEqual(
      table,
      [
        ['same', 2, 5, 310e6, 40e6],
        // Both of the lines at the end became one: which one, nobody knows.
        ['before', 4, null, 10e6, 0],
        ['before', 3, null, 20e6, 0],
        ['after', null, 6, 0, 21e6],
      ].sort(
        (a, b) => Math.abs(Number(b[3]) - Number(b[4])) - Math.abs(Number(a[3]) - Number(a[4])),
      ),
    );
    const edited = compareProfiles(side(before, 'abcd'), side(after, 'xyzabCd'));
    const third = edited.lines.find((line) => line.before?.line === 3);
    assert.deepEqual([third?.match, third?.after?.line], ['edited', 6]);
    const fourth = edited.lines.find((line) => line.before?.line === 4);
    // It is still there, and costs nothing any more.
    assert.deepEqual([fourth?.match, fourth?.after?.line, fourth?.self.hold.after], ['same', 7, 0]);
  });

  it('as text: what changed, by how much, and what is no more than chance', () => {
    const comparison = compareProfiles(side(before, 'abcd'), side(after, 'xyzabcd'));
    const text = comparisonText(comparison, {
      names: ['old.gilscope', 'new.gilscope'],
      folder: '/srv/shop',
      conditions: [],
    });
    assert.match(text, /^GILscope comparison · before: old\.gilscope · after: new\.gilscope\n/);
    assert.match(text, /\n +310 ms +40 ms +−87 % +wait\n/);
    assert.match(text, /\n +310 ms +40 ms +−87 % +wait {2}app\.py:5 f, was line 2\n/);
    // 20 ms and 21 ms in 400 holds each.
    assert.doesNotMatch(text, /app\.py:6/);
    assert.match(text, /\n +1 s +500 ms +−50 % +wall\n/);
    assert.match(text, /“=”: the difference is smaller than/);
    assert.doesNotMatch(text, /matched by\s+their numbers/);
    const blind = comparisonText(compareProfiles(side(before), side(after)), {
      names: ['a', 'b'],
      folder: null,
      conditions: [],
    });
    assert.match(blind, /matched by\s+their numbers/);
  });
});

describe('what one side does not know', () => {
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const known = emptyProfile({ lines: [lineRow(FILE, 2, 'f', { holdNs: 310e6, acquires: 9 })] });
  const message = 'No lines for process 100: a patched interpreter.';
  const blind = emptyProfile({
    processes: [{ ...process, frames: 'selfTestFailed', messages: [message] }],
    lines: [lineRow('', 0, '', { holdNs: 310e6, acquires: 9 })],
    exit: { code: null, signal: 'SIGKILL' },
  });
  const text = (before: Profile, after: Profile): string =>
    comparisonText(compareProfiles(side(before, 'ab'), side(after, 'ab')), {
      ...{ names: ['a', 'b'], folder: null, conditions: [] },
    }).replaceAll(/\s+/g, ' ');

  it('is said, and its lines are neither gone nor new', () => {
    for (const [which, words] of [
      ['after', text(known, blind)],
      ['before', text(blind, known)],
    ] as const) {
      assert.match(
        words,
        RegExp(`profile from ${which} has no lines, so that lines cannot be compared`),
      );
      assert.match(words, RegExp(`profile from ${which}: No lines for process 100: a patched`));
      assert.doesNotMatch(words, /\((gone|new)\)|No line changed/);
    }
    assert.doesNotMatch(text(known, known), /profile from|cannot be compared|ended differently/);
  });

  it('how both runs ended is said where that differs', () => {
    const ends = 'The runs ended differently: exit status 0 before, killed by SIGKILL after.';
    assert.ok(text(known, blind).includes(ends));
    const { before, after } = compareProfiles(side(known), side(blind));
    assert.deepEqual([before.exit, after.exit], [known.exit, blind.exit]);
  });
});

describe('a comparison of who blocked whom', () => {
  const HOLDER = { file: FILE, line: 2, function: 'f' };
  const WAITER = { file: FILE, line: 3, function: 'f' };
  const GIL = {
    ...{ id: '100/0', pid: 100, interpreter: 0, switchIntervalNs: 5e6, holdNs: 0, waitNs: 0 },
    ...{ unattributedNs: 0, switches: 0, forcedReleases: 0 },
  };

  /** Pieces of at most 6 ms of waits for the GIL, and as many of waits for a lock; one wait for the lock took 5 s. */
  function blocked(ns: number, count: number): Profile {
    const own = { ...lineRow(FILE, 2, 'f', { blocksNs: ns, acquires: 1 }) };
    const [lock, waiter] = ['100/lock/1', WAITER];
    return emptyProfile({
      gils: [{ ...GIL, handoffNs: ns }],
      threads: [threadRow(1, 'w', { blocksNs: ns, acquires: count })],
      lines: [{ ...own, lockBlocks: { selfNs: ns, totalNs: ns } }],
      blame: [
        { lock, waiter, holder: { ...HOLDER, line: 9 }, ns: 5e9, count: 1, maxNs: 5e9 },
        { lock, waiter, holder: null, ns: 5e9, count: 1, maxNs: 5e9 },
        { lock: GIL.id, waiter, holder: HOLDER, ns, count, maxNs: 6e6 },
        { lock: GIL.id, waiter, holder: null, ns, count, maxNs: 6e6 },
        { lock, waiter, holder: HOLDER, ns, count, maxNs: 6e6 },
      ],
    });
  }

  const comparison = compareProfiles(side(blocked(2e9, 400)), side(blocked(4e9, 800)));
  // By the formula of the spread, in seconds.
  const variance = 0.006 ** 2 + 1.994 ** 2 / 399 + 0.006 ** 2 + 3.994 ** 2 / 799;
  const spread = Math.round(2e9 * Math.sqrt(variance));

  it('takes the number of waits for the GIL from the GIL alone, however long those for locks are', () => {
    const { blocks, handoff } = comparison.totals;
    assert.deepEqual(
      [blocks, handoff],
      [
        { before: 2e9, after: 4e9, spread },
        { before: 2e9, after: 4e9, spread },
      ],
    );
    const names = { names: ['a', 'b'], folder: '/srv/shop', conditions: [] } as const;
    const text = comparisonText(comparison, names);
    assert.match(text, /\n +2 s +4 s +\+100 % +blocks\n/);
    assert.match(text, /\n +2 s +4 s +\+100 % +handoff\n/);
  });

  it('has the number of waits and holds of a line without a GIL from its locks', () => {
    const run = (ns: number, count: number): Profile => {
      const none = { waitNs: 0, blocksNs: 0, workNs: 0 };
      const zero = { handoffNs: 0, throughGilNs: 0, throughLockNs: 0, unattributedNs: 0 };
      const sites = [{ ...HOLDER, ...none, holdNs: ns, acquires: count }];
      const cost = { selfNs: ns, totalNs: ns };
      return emptyProfile({
        lines: [{ ...lineRow(FILE, 2, 'f'), lockWait: cost, lockHold: cost }],
        blame: [{ lock: '1', waiter: HOLDER, holder: WAITER, ns, count, maxNs: 6e6 }],
        locks: [
          {
            ...{ id: '1', pid: 100, kind: 'dict', name: null, library: null, instances: 1, sites },
            ...{ createdAt: { file: '', line: 0 }, acquires: count, contended: count, waitNs: ns },
            ...{ holdNs: ns, estimatedHoldNs: 0, unattributedHoldNs: 0, maxWaitNs: 6e6, ...zero },
            ...{ maxHoldNs: 6e6, spinNs: 0, spins: 0, workNs: 0, works: 0, maxWorkNs: 0 },
          },
        ],
      });
    };
    const { self } = compareProfiles(side(run(2e9, 400)), side(run(4e9, 800))).lines[0] ?? {};
    assert.equal(self?.lockWait.spread, spread);
    // Of holds of a line the longest is not known.
    assert.equal(self.lockHold.spread, Math.round(2e9 * Math.sqrt(2 ** 2 / 400 + 4 ** 2 / 800)));
  });

  it('of a line counts waits for the GIL and for locks apart', () => {
    const { self } = comparison.lines[0] ?? assert.fail();
    assert.deepEqual(
      [self.blocks, self.lockBlocks],
      [
        { before: 2e9, after: 4e9, spread },
        { before: 2e9, after: 4e9, spread },
      ],
    );
  });
});

describe('the spread of a difference', () => {
  it('by hand', () => {
    // 4 equal times of 10: variance 10² + 30²/3 = 400 on each side.
    const four = { ns: 40, count: 4, maxNs: 10 };
    assert.equal(changeOfTime(four, four).spread, Math.round(2 * Math.sqrt(800)));
    const one = { ns: 40, count: 1, maxNs: 40 };
    assert.equal(changeOfTime(one, { ns: 0, count: 0, maxNs: 0 }).spread, 80);
    assert.equal(changeOfCount(50, 50).spread, 20);
  });

  it('is as large as chance makes 19 of 20 differences', () => {
    const random = seeded(7);
    // A Poisson process of 100 times of 5 each, counted by its own gaps.
    const run = (): { ns: number; count: number; maxNs: number } => {
      let count = 0;
      for (let at = -Math.log(1 - random()); at < 100; at -= Math.log(1 - random())) count++;
      return { ns: count * 5, count, maxNs: 5 };
    };
    let within = 0;
    for (let trial = 0; trial < 2000; trial++) {
      const { before, after, spread } = changeOfTime(run(), run());
      if (Math.abs(after - before) <= (spread ?? 0)) within++;
    }
    assert.ok(within > 1860 && within < 1960, `${within} of 2000`);
  });
});
