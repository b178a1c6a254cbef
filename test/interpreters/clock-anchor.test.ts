/**
 * Two moments by both clocks tell the rate of all events of a run. A thread that loses its processor between the two
 * clocks must not make a moment wrong.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkedProgram } from '../support/checked-program';

const COUNT = 100;
const program = checkedProgram('clock_anchor_interrupted', [
  'test/recorder/clock_anchor_interrupted.c',
]);

it('a moment by both clocks is one moment, whatever comes between', { skip: program.skip }, () => {
  const off = Number(program.run(String(COUNT)));
  // The machine itself may come between the one reading that is left.
  assert.ok(off <= COUNT / 20, `${off} of ${COUNT} are off`);
});
