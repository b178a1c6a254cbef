import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkBudgets, parseBudgets } from '../../../server/profile/budgets';
import { parseBudgetComment } from '../../../server/profile/budget-syntax';
import type { LineRow } from '../../../server/protocol';
import { doubtsOf, type Doubts } from '../../../server/profile/doubts';
import { emptyProfile, lineRow } from '../../support/profiles';

const FILE = '/p/app.py';
const NO_DOUBT = doubtsOf(emptyProfile());

function messagesOf(source: string): string[] {
  return parseBudgets(source).problems.map((problem) => problem.message);
}

test('reads every measure, both operators and every unit', () => {
  const comment = parseBudgetComment(
    '# gilscope: hold < 5ms, wait<=1.5 s , blocks < 20us, max hold < 7µs, MAX  wait <= .5ms',
  );
  assert.deepEqual(
    comment?.terms.map(({ measure, operator, limitNs }) => [measure, operator, limitNs]),
    [
      ['hold', '<', 5_000_000],
      ['wait', '<=', 1_500_000_000],
      ['blocks', '<', 20_000],
      ['max hold', '<', 7_000],
      ['max wait', '<=', 500_000],
    ],
  );
  assert.deepEqual(comment.problems, []);
  assert.equal(parseBudgetComment('#gilscope:wait<3μs')?.terms[0]?.limitNs, 3000);
});

test('says what is wrong, where, and never ignores a budget', () => {
  const cases: [string, RegExp, string][] = [
    ['hold < 5', /no unit/, 'hold < 5'],
    ['hold < 5 min', /“min” is not a unit/, 'hold < 5 min'],
    ['hold > 5ms', /upper limit/, 'hold > 5ms'],
    ['hold = 5ms', /upper limit/, 'hold = 5ms'],
    ['hodl < 5ms', /“hodl” cannot have a budget/, 'hodl < 5ms'],
    ['hold < five', /not a time/, 'hold < five'],
    ['hold < 0ms', /below zero/, 'hold < 0ms'],
    ['hold', /not a budget/, 'hold'],
  ];
  for (const [text, message, marked] of cases) {
    const line = `x = 1  # gilscope: wait < 1ms, ${text}`;
    const { budgets, problems } = parseBudgets(line);
    assert.equal(budgets.length, 1, text);
    assert.match(problems[0]?.message ?? '', message);
    assert.equal(line.slice(problems[0]?.startColumn, problems[0]?.endColumn), marked);
  }
  assert.match(messagesOf('x = 1  # gilscope:')[0] ?? '', /missing here/);
  assert.match(messagesOf('x = 1  # gilscope: hold < 5ms,')[0] ?? '', /missing here/);
  assert.match(messagesOf('x = 1  # gilscope hold < 5ms')[0] ?? '', /colon is missing/);
  assert.match(messagesOf('# gilscope: hold < 5ms')[0] ?? '', /No code follows/);
  assert.match(messagesOf('class A:  # gilscope: hold < 5ms\n    x = 1')[0] ?? '', /of this class/);
});

test('leaves other comments and strings alone', () => {
  const source = [
    '# gilscope shows the GIL',
    '# see gilscope: hold < 5ms',
    's = "# gilscope: hold < oops"',
    't = """',
    '# gilscope: hold < oops',
    '"""',
    "u = 'it''s' + f'{s} # gilscope: hold < oops'",
    "v = 'a\\",
    "# gilscope: hold < oops'",
  ].join('\n');
  assert.deepEqual(parseBudgets(source), { budgets: [], problems: [] });
});

test('covers the statement, or on a def the whole function', () => {
  const source = [
    /* 1 */ 'x = work(',
    /* 2 */ '    1,  # gilscope: hold < 1ms',
    /* 3 */ ')',
    /* 4 */ '@decorator',
    /* 5 */ 'async def run(',
    /* 6 */ '    a,',
    /* 7 */ '):  # gilscope: wait < 2ms',
    /* 8 */ '    if a:',
    /* 9 */ "        text = '''",
    /* 10 */ 'not indented',
    /* 11 */ "'''",
    /* 12 */ '',
    /* 13 */ '    # gilscope: blocks < 3ms  # why not',
    /* 14 */ '    return a',
    /* 15 */ 'y = 2',
    /* 16 */ '# gilscope: hold < 4ms',
    /* 17 */ '@decorator',
    /* 18 */ 'def one(): return 1',
  ].join('\r\n');
  const { budgets, problems } = parseBudgets(source);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    budgets.map((b) => [b.line, b.firstLine, b.lastLine, b.functionName, b.limitNs]),
    [
      [2, 1, 3, null, 1e6],
      [7, 5, 14, 'run', 2e6],
      [13, 14, 14, null, 3e6],
      [16, 18, 18, 'one', 4e6],
    ],
  );
});

test('checks a line against its totals, a function against the sum of its own lines', () => {
  const source = [
    'def run():  # gilscope: hold < 10ms, max hold < 3ms',
    '    a()  # gilscope: hold < 6ms, wait <= 2ms, blocks < 1s',
    '    return [b() for b in c]',
  ].join('\n');
  const rows = [
    lineRow(FILE, 2, 'A.run', { holdNs: 6e6, waitNs: 2e6, blocksNs: 5e6, maxHoldNs: 2e6 }),
    lineRow(FILE, 3, 'A.run', { holdNs: 3e6, maxHoldNs: 3e6 }),
    // Part of A.run's own total already.
    lineRow(FILE, 3, 'A.run.<locals>.<listcomp>', { holdNs: 2e6, maxHoldNs: 2e6 }),
    lineRow(FILE, 9, 'A.run', { holdNs: 9e9 }),
  ];
  const broken = checkBudgets(FILE, parseBudgets(source).budgets, rows, NO_DOUBT);
  assert.deepEqual(
    broken.map((finding) => [
      finding.where?.line,
      finding.evidence['budget'],
      finding.evidence['actualNs'],
    ]),
    [
      [1, 'max hold < 3ms', 3e6],
      [2, 'hold < 6ms', 6e6],
    ],
  );
  assert.match(
    broken[1]?.message ?? '',
    /Over its budget “hold < 6ms”: this line held the GIL for 6 ms\./,
  );
});

test('a max budget over code that calls others is held only where that is certain', () => {
  const { budgets } = parseBudgets('def f():\n    q.get()  # gilscope: max wait < 5ms');
  const line = (totalNs: number) => ({
    ...lineRow(FILE, 2, 'f', { maxWaitNs: 1e6 }),
    wait: { selfNs: 1e6, totalNs },
  });
  const called = (maxWaitNs: number) => lineRow('/lib/queue.py', 9, 'get', { maxWaitNs });
  const found = (rows: LineRow[]) =>
    checkBudgets(FILE, budgets, rows, NO_DOUBT).map((f) => f.severity);
  assert.deepEqual(found([line(4e6), called(9e6)]), []);
  assert.deepEqual(found([line(8e6), called(4e6)]), []);
  assert.deepEqual(found([line(8e6), called(5e6)]), ['warning']);
});

test('what cannot be checked is never kept', () => {
  const measures = ['hold', 'wait', 'blocks', 'max hold', 'max wait'];
  const source = measures.map((measure) => `x()  # gilscope: ${measure} < 5ms`).join('\n');
  const { budgets } = parseBudgets(source);
  const cases: readonly [keyof Doubts, readonly string[]][] = [
    ['untrusted', measures],
    ['missing', measures],
    ['noLines', measures],
    ['split', ['hold', 'blocks']],
    ['blame', ['blocks']],
    // As was asked.
    ['children', []],
  ];
  for (const [doubt, unknown] of cases) {
    const doubts = { ...NO_DOUBT, [doubt]: 'the cat ate it' };
    const long = lineRow('/other.py', 1, 'f', { holdNs: 5e6, blocksNs: 5e6 });
    const found = checkBudgets(FILE, budgets, [long], doubts);
    assert.deepEqual(
      found.map(({ evidence }) => evidence['measure']),
      unknown,
    );
    for (const { severity, message } of found) {
      assert.equal(severity, 'warning');
      assert.match(message, /^The budget “.*” could not be checked: the cat ate it\.$/);
    }
  }
});

test('whether long holds are divided among lines is told by what was sampled and kept', () => {
  const line = (maxHoldNs: number, samples: number) => ({
    ...emptyProfile(),
    lines: [lineRow(FILE, 1, 'f', { maxHoldNs, samples })],
  });
  const lost = { ...emptyProfile().lost, events: 3, missing: 2 };
  const cases = [
    { profile: line(19e6, 0), isDivided: true },
    { profile: line(21e6, 0), isDivided: false },
    { profile: line(21e6, 1), isDivided: true },
    { profile: { ...line(1e6, 1), lost }, isDivided: false },
    // What is missing from all numbers is another doubt.
    { profile: { ...line(1e6, 1), lost: { ...lost, missing: 3 } }, isDivided: true },
  ];
  for (const { profile, isDivided } of cases)
    assert.equal(doubtsOf(profile).split === null, isDivided);
});

test('a budget above all that was measured is kept, however long holds divide', () => {
  const { budgets } = parseBudgets('x()  # gilscope: hold < 5ms');
  const rows = [lineRow(FILE, 1, 'f', { holdNs: 1e6 }), lineRow('/b.py', 1, 'g', { holdNs: 3e6 })];
  const found = (more: LineRow[]) =>
    checkBudgets(FILE, budgets, [...rows, ...more], { ...NO_DOUBT, split: 'none were sampled' });
  assert.deepEqual(found([]), []);
  assert.equal(found([lineRow('/b.py', 2, 'g', { holdNs: 1e6 })]).length, 1);
});

test('what is over its budget is so whatever is missing, unless no number can be relied on', () => {
  const { budgets } = parseBudgets('x()  # gilscope: hold < 5ms');
  const over = [lineRow(FILE, 1, 'f', { holdNs: 6e6 })];
  const severities = (doubts: Partial<Doubts>) =>
    checkBudgets(FILE, budgets, over, { ...NO_DOUBT, ...doubts }).map((f) => f.severity);
  assert.deepEqual(severities({ missing: 'some are' }), ['error']);
  assert.deepEqual(severities({ untrusted: 'they are wrong' }), ['warning']);
});

test('a broken budget says on how many samples it rests, where they are few', () => {
  const { budgets } = parseBudgets('x()  # gilscope: hold < 5ms');
  const found = (samples: number) => {
    const row = { ...lineRow(FILE, 1, 'f', { holdNs: 6e6 }), totalSamples: samples };
    return checkBudgets(FILE, budgets, [row], NO_DOUBT)[0];
  };
  assert.equal(found(1)?.evidence['samples'], 1);
  assert.match(found(1)?.message ?? '', /held the GIL for 6 ms \(few samples: 1\)\. Do less/);
  assert.equal(found(400)?.evidence['samples'], 400);
  assert.match(found(400)?.message ?? '', /held the GIL for 6 ms\. Do less/);
});

test('a budget is broken exactly from its limit on', () => {
  fc.assert(
    fc.property(fc.nat(2e9), fc.nat(2e9), fc.boolean(), (limit, cost, strict) => {
      const source = `x()  # gilscope: hold ${strict ? '<' : '<='} ${limit + 1}ns`;
      const { budgets } = parseBudgets(source);
      const findings = checkBudgets(
        FILE,
        budgets,
        [lineRow(FILE, 1, 'f', { holdNs: cost })],
        NO_DOUBT,
      );
      assert.equal(findings.length === 0, strict ? cost < limit + 1 : cost <= limit + 1);
    }),
  );
});

test('any text can be scanned', () => {
  const piece = fc.constantFrom(
    '#',
    '"',
    "'",
    '"""',
    '\\',
    '\n',
    '(',
    ')',
    ' ',
    'def f():',
    ' gilscope: hold < 1s',
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
      const source = pieces.join('');
      const lines = source.split('\n');
      for (const problem of parseBudgets(source).problems) {
        const line = lines[problem.line - 1];
        assert.ok(line !== undefined && problem.endColumn <= line.length);
      }
    }),
  );
});
