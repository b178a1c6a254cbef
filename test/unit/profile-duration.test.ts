import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatDuration } from '../../server/profile/duration';

const TABLE: readonly (readonly [number, string])[] = [
  [0, '0 ns'],
  [1, '1 ns'],
  [980, '980 ns'],
  [999, '999 ns'],
  [1_000, '1 µs'],
  [1_234, '1.23 µs'],
  [42_000, '42 µs'],
  [42_060, '42.1 µs'],
  [999_499, '999 µs'],
  [999_500, '1 ms'],
  [310_000_000, '310 ms'],
  [999_600_000, '1 s'],
  [1_240_000_000, '1.24 s'],
  [12_340_000_000, '12.3 s'],
  [59_940_000_000, '59.9 s'],
  [59_960_000_000, '1 min'],
  [60_000_000_000, '1 min'],
  [125_000_000_000, '2 min 5 s'],
  [125_600_000_000, '2 min 6 s'],
  [3_599_000_000_000, '59 min 59 s'],
  [3_599_600_000_000, '1 h'],
  [11_220_000_000_000, '3 h 7 min'],
  [360_000_000_000_000, '100 h'],
  [-5_000, '-5 µs'],
];

describe('durations', () => {
  for (const [ns, text] of TABLE) {
    it(`writes ${ns} ns as ${text}`, () => assert.equal(formatDuration(ns), text));
  }
});
