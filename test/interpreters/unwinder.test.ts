/**
 * The probe unwinds the interpreter's C stack by tables that others wrote. Whatever they say, it reads nothing outside of
 * them: damaged in every way, under AddressSanitizer and UndefinedBehaviorSanitizer. And it reads them once.
 */
import assert from 'node:assert/strict';
import { realpathSync } from 'node:fs';
import { describe, it } from 'node:test';
import { testPythons } from '../../scripts/pythons.mjs';
import { checkedProgram } from '../support/checked-program';
import { inspect } from '../support/measured-run';
import { titleOf } from '../support/pythons';

const COUNT = 5000;
const program = checkedProgram('unwind_damage', [
  'test/recorder/unwind_damage.c',
  'server/interpreter/native/unwind_elf.c',
]);

describe('unwinding by damaged tables', { skip: program.skip }, () => {
  for (const python of testPythons()) {
    it(`of ${titleOf(python)}`, async () => {
      const { library } = await inspect(python.path);
      const printed = program.run(library ?? realpathSync(python.path), String(COUNT));
      const [whole = 0, damaged = 0, again = 0] = printed.split(' ').map(Number);
      assert.ok(whole > COUNT, `only ${whole} steps by sound tables`);
      assert.ok(damaged > 0 && damaged < whole, `${damaged} of ${whole} steps`);
      assert.equal(again, 0, 'two places from which a program releases in turn');
    });
  }
});
