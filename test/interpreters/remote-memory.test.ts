/**
 * The probe's own thread reads stacks that change under it, so any address may be garbage. It copies what is there, refuses
 * the rest, and never faults: under AddressSanitizer and UndefinedBehaviorSanitizer.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { checkedProgram } from '../support/checked-program';

const COUNT = 200_000;
const program = checkedProgram('remote_memory_garbage', [
  'test/recorder/remote_memory_garbage.c',
  'server/interpreter/native/remote_memory_linux.c',
]);

it('garbage addresses are refused, sound ones are read', { skip: program.skip }, () => {
  const printed = program.run(String(COUNT));
  const [made = 0, refused = 0] = printed.split(' ').map(Number);
  assert.ok(made > COUNT / 4 && refused > COUNT / 4, printed);
});
