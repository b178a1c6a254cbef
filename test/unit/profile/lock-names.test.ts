import assert from 'node:assert/strict';
import { test } from 'node:test';
import { importedModuleOf } from '../../../server/profile/import-name';
import { lockNameOf, sourceLinesOf, usedNameOf } from '../../../server/profile/lock-name';

const only = (line: string) => sourceLinesOf(line);

test('what a lock is called where it is made', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['lock = threading.Lock()', '<module>', 'lock'],
    ['locks = [Lock() for _ in range(9)]', '<module>', 'locks[…]'],
    ['locks[name] = Lock()', '<module>', 'locks[…]'],
    ['self._lock = Lock()', 'Pool.__init__', 'Pool._lock'],
    ['serve(lock=threading.Lock())', '<module>', 'lock'],
    ['left, right = Lock(), Lock()', '<module>', null],
    ['(left, right) = Lock(), Lock()', '<module>', null],
    ['self.a, self.b = Lock(), Lock()', 'Pool.__init__', null],
    ['left = right = Lock()', '<module>', 'left'],
    ['return threading.Lock()', 'make', null],
  ];
  for (const [line, name, expected] of cases) {
    assert.equal(lockNameOf(only(line), 1, name), expected, line);
  }
});

test('what a lock is called where it is used', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['with lock:', 'f', 'lock'],
    ['with self._lock:', 'Pool.get', 'Pool._lock'],
    ['with locks[key(1)] as held:', 'f', 'locks[…]'],
    ['async with lock:', 'f', 'lock'],
    ['with left, right:', 'f', null],
    ['with make():', 'f', null],
    ['item = jobs.get(timeout=1)', 'f', 'jobs'],
    ['if not self.done.wait(1):', 'Pool.get', 'Pool.done'],
    ['a.join(); b.join()', 'f', null],
    ['pool.submit(f).result()', 'f', null],
    ['print(1)', 'f', null],
  ];
  for (const [line, name, expected] of cases) {
    assert.equal(usedNameOf(only(line), 1, name), expected, line);
  }
});

test('the module that a statement imports', () => {
  const plain = { parents: 0, ofList: false };
  const cases: readonly (readonly [string, typeof plain, string | null])[] = [
    ['import a.b as c  # d', plain, 'a.b'],
    ['import a.b', { parents: 1, ofList: false }, 'a'],
    ['import a', { parents: 1, ofList: false }, null],
    ['import a, b.c as d', plain, '{a, b.c}'],
    ['from a.b import c', plain, 'a.b'],
    ['from a import b', { parents: 0, ofList: true }, 'a.b'],
    ['from a import (b, c as d)', { parents: 0, ofList: true }, 'a.{b, c}'],
    ['from .a import b', plain, '.a'],
    ['from . import b', { parents: 0, ofList: true }, '.b'],
    ["m = importlib.import_module('a.b')", plain, 'a.b'],
    ["m = __import__('a')", plain, 'a'],
    ['m = importlib.import_module(name)', plain, null],
    ['x = strptime(y)', plain, null],
  ];
  for (const [line, path, expected] of cases) {
    assert.equal(importedModuleOf(only(line), 1, path), expected, line);
  }
});
