import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { chartRequestOf } from '../../server/lsp/parameters';
import type { AnalysisQuestion } from '../../server/protocol-analysis';

const scope = { fromNs: 5, toNs: 90, lanes: [0, 2] };
const QUESTIONS: readonly AnalysisQuestion[] = [
  { kind: 'sums', scope },
  { kind: 'sums', scope: { ...scope, lanes: null } },
  { kind: 'flame', scope, cost: 'blocks', order: 'time' },
  { kind: 'curves', fromNs: 0, toNs: 9, bins: 800 },
  { kind: 'idle', leastNs: 1000 },
  { kind: 'lanesAt', files: ['a.py'], locks: ['7/lock/1'] },
  { kind: 'segments', lane: 1, fromNs: 0, toNs: 9, limit: 200 },
  { kind: 'evidence', finding: 0 },
  { kind: 'longestAt', file: '/a.py', line: 3 },
];

function read(question: unknown): unknown {
  return chartRequestOf({ kind: 'analysis', question });
}

describe('questions about a part of the run', () => {
  it('are read as they were sent', () => {
    for (const question of QUESTIONS) {
      const sent: unknown = JSON.parse(JSON.stringify(question));
      assert.deepEqual(read(sent), { kind: 'analysis', question });
    }
  });

  it('are refused with the reason where they do not keep to the protocol', () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [undefined, /object is needed/],
      [{ kind: 'poem' }, /question\.kind is not known/],
      [{ kind: 'sums', scope: { ...scope, lanes: 'all' } }, /scope\.lanes/],
      [{ kind: 'sums', scope: { fromNs: -1, toNs: 2 } }, /fromNs/],
      [{ kind: 'flame', scope, cost: 'money', order: 'time' }, /cost must be hold, wait, blocks/],
      [{ kind: 'flame', scope, cost: 'wait', order: 'any' }, /order must be/],
      [{ kind: 'lanesAt', files: [1], locks: [] }, /files must be a list of texts/],
    ];
    for (const [question, reason] of cases) assert.throws(() => read(question), reason);
  });
});
