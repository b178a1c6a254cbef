import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { BlameRow, Profile } from '../../../server/protocol';
import { createEngine } from '../../../server/profile/engine';
import { checkInvariants } from '../../../server/profile/invariants';
import { stackTable } from '../../support/random-cycles';

it('checking takes time by the rows of blame, not by their square', () => {
  const empty = {
    processes: [],
    threads: [],
    gils: [],
    locks: [],
    stacks: stackTable([], []),
    aggregates: [],
  };
  const place = { file: 'a.py', line: 1, function: 'f' };
  const row: BlameRow = { lock: 'x', waiter: place, holder: place, ns: 1, count: 1, maxNs: 1 };
  const facts = { command: [], startedAt: '', exit: { code: null, signal: null }, live: true };
  const { profile } = createEngine().snapshot(empty, facts);
  const timeOf = (rows: number): number => {
    const large: Profile = { ...profile, blame: Array.from({ length: rows }, () => row) };
    // The least of several: what else the machine does only adds.
    const times = Array.from({ length: 5 }, () => {
      const before = performance.now();
      checkInvariants(large);
      return performance.now() - before;
    });
    return Math.min(...times);
  };
  // Sixteen times the rows: 16 if each costs the same, 256 if each is copied for each.
  assert.ok(timeOf(64_000) < 100 * Math.max(timeOf(4000), 0.5));
});
