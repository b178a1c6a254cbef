import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { matchFiles } from '../../../server/profile/compare/match-files';
import { matchLines } from '../../../server/profile/compare/match-lines';
import { matchThreads } from '../../../server/profile/compare/match-threads';
import { emptyProfile, threadRow } from '../../support/profiles';

describe('lines of two texts', () => {
  const table = (before: string, after: string): string[] => {
    const find = matchLines(Array.from(before), Array.from(after));
    return Array.from(before, (_, index) => {
      const found = find(index + 1);
      return found === null ? '-' : `${found.line}${found.match === 'edited' ? 'e' : ''}`;
    });
  };

  it('follow what moved, take a replaced stretch of the same length as edited, lose the rest', () => {
    assert.deepEqual(table('abc', 'abc'), ['1', '2', '3']);
    assert.deepEqual(table('abc', 'xxabc'), ['3', '4', '5']);
    assert.deepEqual(table('abc', 'aXc'), ['1', '2e', '3']);
    assert.deepEqual(table('abcd', 'aXYd'), ['1', '2e', '3e', '4']);
    assert.deepEqual(table('abcd', 'aXd'), ['1', '-', '-', '3']);
    assert.deepEqual(table('abc', 'abX'), ['1', '2', '3e']);
    assert.deepEqual(table('abc', 'Xbc'), ['1e', '2', '3']);
    assert.deepEqual(table('abc', 'bc'), ['-', '1', '2']);
    assert.deepEqual(table('a', ''), ['-']);
  });

  it('find each line that occurs once again, whatever was put in or taken out around it', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.nat(1000), { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(29), fc.integer({ min: 2000, max: 3000 })), { maxLength: 10 }),
        fc.uniqueArray(fc.nat(29)),
        (lines, added, removed) => {
          const before = lines.map(String);
          const after = before.filter((_, index) => !removed.includes(index));
          for (const [at, line] of added) after.splice(Math.min(at, after.length), 0, String(line));
          const find = matchLines(before, after);
          for (const [index, line] of before.entries()) {
            const found = find(index + 1);
            const now = after.indexOf(line);
            if (now >= 0) assert.deepEqual(found, { line: now + 1, match: 'same' });
            else assert.notEqual(found?.match, 'same');
          }
        },
      ),
    );
  });

  it('without a text go by their numbers, and say so', () => {
    assert.deepEqual(matchLines(null, ['a'])(7), { line: 7, match: 'number' });
    assert.deepEqual(matchLines(['a'], ['b'])(0), { line: 0, match: 'number' });
  });
});

it('files of two runs: the same path, else the longest equal end if there is only one such', () => {
  const match = (before: string[], after: string[]): [string, string][] => [
    ...matchFiles(new Set(before), new Set(after)),
  ];
  assert.deepEqual(match(['/a/x.py', '<string>'], ['/a/x.py', '<string>']), [
    ['/a/x.py', '/a/x.py'],
    ['<string>', '<string>'],
  ]);
  assert.deepEqual(
    match(['/old/shop/x.py', '/old/x.py'], ['/new/1/shop/x.py', '/new/1/old/x.py']),
    [
      ['/old/shop/x.py', '/new/1/shop/x.py'],
      ['/old/x.py', '/new/1/old/x.py'],
    ],
  );
  // Nobody knows which of the two it was.
  assert.deepEqual(match(['/old/x.py'], ['/b/x.py', '/c/x.py']), []);
  assert.deepEqual(match(['/old/x.py', '<stdin>'], ['/new/y.py', '<string>']), []);
});

it('threads of two runs: by process and name, then by the name without its number', () => {
  const process = emptyProfile().processes[0];
  assert.ok(process);
  const run = (offset: number, names: string[]) =>
    emptyProfile({
      processes: [
        { ...process, pid: 100 + offset, argv: ['/srv/a.py'] },
        { ...process, pid: 101 + offset, parentPid: 100 + offset, argv: ['/srv/a.py'] },
      ],
      threads: names.map((name, index) => {
        const pid = (name.startsWith('child') ? 101 : 100) + offset;
        return threadRow(offset + index, name, { pid, gil: `${pid}/0` });
      }),
    });
  const before = run(0, ['MainThread', 'pool_0', 'pool_1', 'same', 'same', 'childish', 'old']);
  const after = run(500, ['MainThread', 'pool_1', 'pool_2', 'same', 'childish', 'new']);
  const pairs = matchThreads(before, after).map((pair) => [
    pair.before && `${pair.before.name}@${pair.before.tid}`,
    pair.after && `${pair.after.name}@${pair.after.tid}`,
  ]);
  assert.deepEqual(pairs, [
    ['MainThread@0', 'MainThread@500'],
    ['pool_0@1', 'pool_2@502'],
    ['pool_1@2', 'pool_1@501'],
    ['same@3', 'same@503'],
    ['same@4', null],
    ['childish@5', 'childish@504'],
    ['old@6', null],
    [null, 'new@505'],
  ]);
});
