import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { testAtLine } from '../../../extension/test-at-line';

/** Each line with the test that it is in, by hand. */
const LINES: readonly (readonly [text: string, test: string | null])[] = [
  ['import pytest', null],
  ['', null],
  ['def helper():', null],
  ['    return 1', null],
  ['@pytest.mark.slow', 'test_alone'],
  ['@pytest.mark.parametrize("x", [1, 2])', 'test_alone'],
  ['async def test_alone(x):', 'test_alone'],
  ['    def test_inner():', 'test_alone'],
  ['        return x', 'test_alone'],
  ['# a comment at the margin', 'test_alone'],
  ['', 'test_alone'],
  ['    assert x', 'test_alone'],
  ['LIMIT = 3', null],
  ['class TestQueue:', 'TestQueue'],
  ['    size = 1', 'TestQueue'],
  ['    def setup_method(self):', 'TestQueue'],
  ['        self.q = 1', 'TestQueue'],
  ['    class TestPut:', 'TestQueue::TestPut'],
  ['        def test_put(self):', 'TestQueue::TestPut::test_put'],
  ['            assert 1', 'TestQueue::TestPut::test_put'],
  ['    def test_get(self):', 'TestQueue::test_get'],
  ['        assert 2', 'TestQueue::test_get'],
  ['class Other:', null],
  ['    def run(self):', null],
  ['        pass', null],
];

describe('the test at the cursor', () => {
  const texts = LINES.map(([text]) => text);
  for (const [line, [text, test]] of LINES.entries()) {
    it(`line ${line + 1}: ${text.trim()}`, () => {
      assert.equal(testAtLine(texts, line)?.join('::') ?? null, test);
    });
  }

  it('is none in an empty file', () => {
    assert.equal(testAtLine([], 0), null);
    assert.equal(testAtLine([''], 5), null);
  });
});
