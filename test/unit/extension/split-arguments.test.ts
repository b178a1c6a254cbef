import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  UnclosedQuoteError,
  joinArguments,
  splitArguments,
} from '../../../extension/split-arguments';

describe('arguments that a user types', () => {
  for (const [line, args] of [
    ['', []],
    ['  a  b ', ['a', 'b']],
    [`--name "a b" 'c d'`, ['--name', 'a b', 'c d']],
    [`a"b c"d`, ['ab cd']],
    [`'' ""`, ['', '']],
    [String.raw`a\ b "say \"hi\"" 'as \is'`, ['a b', 'say "hi"', String.raw`as \is`]],
    ['$HOME *.py | x', ['$HOME', '*.py', '|', 'x']],
    ['ü 名前', ['ü', '名前']],
  ] as const) {
    it(`splits ${line}`, () => assert.deepEqual(splitArguments(line), args));
  }

  it('says which quote is not closed', () => {
    assert.throws(
      () => splitArguments(`a 'b`),
      (error) => error instanceof UnclosedQuoteError && error.quote === "'",
    );
  });

  it('come back as they were from a joined line', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (args) => {
        assert.deepEqual(splitArguments(joinArguments(args)), args);
      }),
    );
  });
});
