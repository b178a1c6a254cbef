import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { codeLenses, functionCosts } from '../../server/lsp/code-lens';
import { inlayHints } from '../../server/lsp/inlay-hints';
import { lineCosts } from '../../server/lsp/line-costs';
import { mapLines } from '../../server/profile/line-map';
import { inlineText, lineNotes, staleText } from '../../server/lsp/notes';
import { definitionsOf, linesOf, sourceTextOf } from '../../server/lsp/source-text';
import { lineRow } from '../support/profile-rows';

const MS = 1_000_000;
const NO_LOCKS = { lockWait: 0, lockHold: 0, lockBlocks: 0 };
const both = (ns: number): { selfNs: number; totalNs: number } => ({ selfNs: ns, totalNs: ns });
const at = (line: number, name = 'f'): { file: string; line: number; function: string } => ({
  file: '/a.py',
  line,
  function: name,
});

void test('the design’s example is the inline text', () => {
  const rows = [
    lineRow({ ...at(3), hold: both(1240 * MS), wait: both(310 * MS), blocks: both(2100 * MS) }),
  ];
  assert.deepEqual(lineNotes(lineCosts(rows), 4200 * MS, 0), [
    {
      line: 3,
      text: 'blocks 2.1 s · hold 1.24 s · wait 310 ms',
      heat: 0.5,
      kind: 'blocks',
      holdNs: 1240 * MS,
      waitNs: 310 * MS,
      blocksNs: 2100 * MS,
      lockWaitNs: 0,
      lockHoldNs: 0,
      lockBlocksNs: 0,
    },
  ]);
});

void test('costs of locks stand beside those of the GIL, in 43 characters at most', () => {
  const rows = [
    lineRow({ ...at(3), hold: both(2 * MS), lockWait: both(310 * MS) }),
    lineRow({ ...at(4), lockHold: both(900 * MS), lockBlocks: both(2100 * MS), hold: both(MS) }),
    lineRow({ ...at(5), lockHold: both(900 * MS) }),
    lineRow({
      ...at(6),
      ...{ ...NO_LOCKS, hold: both(1111 * MS), wait: both(2222 * MS), blocks: both(3333 * MS) },
      ...{ lockWait: both(4444 * MS), lockBlocks: both(5550 * MS), lockHold: both(6666 * MS) },
    }),
  ];
  assert.deepEqual(
    lineNotes(lineCosts(rows), 4200 * MS, 100_000).map(({ line, text, kind }) => [
      line,
      text,
      kind,
    ]),
    [
      [3, 'lock wait 310 ms · hold 2 ms', 'lockWait'],
      [4, 'lock blocks 2.1 s · lock hold 900 ms', 'lockBlocks'],
      [6, 'lock hold 6.67 s · lock blocks 5.55 s', 'lockHold'],
    ],
  );
});

void test('costs below the minimum, and lines with none, are not shown', () => {
  const rows = [
    lineRow({ ...at(1), hold: both(99_999) }),
    lineRow({ ...at(2), hold: both(100_000), wait: both(99_999) }),
    lineRow({ ...at(4), off: both(5000 * MS) }),
  ];
  const notes = lineNotes(lineCosts(rows), 100_000, 100_000);
  assert.deepEqual(
    notes.map(({ line, text }) => [line, text]),
    [[2, 'hold 100 µs']],
  );
  assert.deepEqual(lineNotes(lineCosts(rows).slice(2), 0, 0), []);
});

void test('no inline text is longer than 43 characters, and the largest cost always stands', () => {
  const long = [
    ['blocks', 59_000_000_000 * 61],
    ['hold', 59_000_000_000 * 60],
    ['wait', 125_000_000_000],
  ] as const;
  assert.ok(inlineText(long).startsWith('blocks 59 min 59 s · hold 59 min'));
  for (let power = 0; power < 16; power++) {
    const ns = Math.round(1.239 * 10 ** power);
    for (const mark of ['', ' (old)']) {
      const text = inlineText(
        [['blocks', ns * 7] as const, ['hold', ns] as const, ['wait', ns] as const],
        mark,
      );
      assert.ok(text.length <= 43, text);
      assert.ok(text.startsWith('blocks ') && text.endsWith(mark), text);
    }
  }
});

void test('self times of functions on one line add up, their totals are not counted twice', () => {
  const rows = [
    lineRow({ ...at(1, 'f'), hold: { selfNs: 10, totalNs: 100 } }),
    lineRow({ ...at(1, '<listcomp>'), hold: { selfNs: 60, totalNs: 90 } }),
    lineRow({ ...at(1, '<lambda>'), hold: { selfNs: 40, totalNs: 40 } }),
  ];
  assert.deepEqual(lineCosts(rows)[0]?.hold, { selfNs: 110, totalNs: 110 });
  assert.deepEqual(lineCosts(rows.slice(0, 2))[0]?.hold, { selfNs: 70, totalNs: 100 });
});

void test('rows without a line are on no line', () => {
  assert.deepEqual(lineCosts([lineRow({ ...at(0), hold: both(5) })]), []);
});

void test('hints stand at the ends of the lines as they are now', () => {
  const before = ['import x', 'work()', 'more()'];
  const lines = ['# new', 'import x', 'work()  # same start', 'more()'];
  const notes = lineNotes(
    lineCosts([
      lineRow({ ...at(2), hold: both(5 * MS) }),
      lineRow({ ...at(3), hold: both(5 * MS), wait: both(7 * MS) }),
    ]),
    7 * MS,
    0,
  );
  const lineMap = mapLines(before, lines);
  const hints = inlayHints({ notes, lineMap, lines, old: true, minimumNs: 0 });
  // Line 2 was changed and has lost its number.
  assert.deepEqual(hints, [
    {
      position: { line: 3, character: 6 },
      label: 'wait 7 ms · hold 5 ms (old)',
      paddingLeft: true,
      data: { line: 3 },
    },
  ]);
  const fresh = mapLines(before, before);
  assert.deepEqual(
    inlayHints({ notes, lineMap: fresh, lines: before, old: false, minimumNs: 0 }).map((hint) => [
      hint.position.line,
      hint.label,
    ]),
    [
      [1, 'hold 5 ms'],
      [2, 'wait 7 ms · hold 5 ms'],
    ],
  );
});

void test('an old text that would be too long loses its smallest cost, not its mark', () => {
  const note = {
    line: 1,
    text: '',
    heat: 1,
    kind: 'blocks' as const,
    holdNs: 1240 * MS,
    waitNs: 310 * MS,
    blocksNs: 2110 * MS,
    ...{ lockWaitNs: 0, lockHoldNs: 0, lockBlocksNs: 0 },
  };
  assert.equal(staleText(note, 0), 'blocks 2.11 s · hold 1.24 s (old)');
});

void test('lines are hashed without what stands at their end, whatever ends them', () => {
  const sha = (text: string): string => createHash('sha256').update(text).digest('hex');
  assert.deepEqual(linesOf('\uFEFFa\r\nb\rc\n'), ['a', 'b', 'c', '']);
  assert.deepEqual(sourceTextOf('  a \t\r\nb\n').lineHashes, [sha('  a'), sha('b'), sha('')]);
});

const SOURCE = [
  'def work():', // 1
  '    total = 0', // 2
  '    return total', // 3
  'class A:', // 4
  '    async  def work(self):', // 5
  '        return [x for x in y]', // 6
  '    def größe(self): pass', // 7
  'undef work(): pass', // 8
  'x = lambda: work()', // 9
];

void test('definitions are found by the look of their line', () => {
  assert.deepEqual(definitionsOf(SOURCE), [
    { line: 1, name: 'work' },
    { line: 5, name: 'work' },
    { line: 7, name: 'größe' },
  ]);
});

void test('a function’s lens adds up its lines, each at the nearest def of its name', () => {
  const limits = { ...NO_LOCKS, hold: 1000 * MS, wait: 1000 * MS, blocks: 1000 * MS };
  const rows = [
    lineRow({ ...at(2, 'work'), hold: both(10 * MS) }),
    lineRow({ ...at(3, 'work'), hold: both(5 * MS), wait: both(20 * MS) }),
    lineRow({ ...at(6, 'A.work'), hold: both(3 * MS) }),
    lineRow({ ...at(6, 'A.work.<locals>.<listcomp>'), hold: both(2 * MS) }),
    lineRow({ ...at(9, '<lambda>'), hold: both(9 * MS) }),
    lineRow({ ...at(9, '<module>'), hold: both(9 * MS) }),
  ];
  const functions = functionCosts(lineCosts(rows), definitionsOf(SOURCE), limits);
  assert.deepEqual(functions, [
    { line: 1, totals: { ...NO_LOCKS, hold: 15 * MS, wait: 20 * MS, blocks: 0 } },
    { line: 5, totals: { ...NO_LOCKS, hold: 3 * MS, wait: 0, blocks: 0 } },
  ]);
  const now = ['# moved', ...SOURCE];
  assert.deepEqual(
    codeLenses(functions, mapLines(SOURCE, now), true, 0).map((lens) => [
      lens.range.start.line,
      lens.command?.title,
    ]),
    [
      [1, 'GIL: wait 20 ms · hold 15 ms (old)'],
      [5, 'GIL: hold 3 ms (old)'],
    ],
  );
});

void test('a function that calls itself never costs more than the whole program', () => {
  const limits = { ...NO_LOCKS, hold: 12 * MS, wait: 0, blocks: 0 };
  const rows = [2, 3].map((line) => lineRow({ ...at(line, 'work'), hold: both(10 * MS) }));
  assert.deepEqual(functionCosts(lineCosts(rows), definitionsOf(SOURCE), limits), [
    { line: 1, totals: { ...NO_LOCKS, hold: 12 * MS, wait: 0, blocks: 0 } },
  ]);
});
