import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { LINE_TABLE } from '../../server/trace/format';
import { decodeLineTable, lineAt } from '../../server/trace/line-table';
import { checkRow, type LineTableRow } from '../support/line-table-rows';

const folder = join('test', 'fixtures', 'line-tables');

for (const file of readdirSync(folder).filter((name) => name.endsWith('.jsonl'))) {
  test(`line tables of ${file.replace('.jsonl', '')}`, () => {
    const rows = readFileSync(join(folder, file), 'utf8').trim().split('\n');
    const counts = rows.map((row) => checkRow(JSON.parse(row) as LineTableRow));
    assert.ok(counts.length >= 9, 'the fixture has all functions');
    assert.ok(counts.every((count) => count > 0));
  });
}

// The tables in these tests are written by hand from the formats' descriptions in CPython's sources.

test('co_lnotab: increments of more than a byte, and negative ones', () => {
  // 300 bytes on line 10, then 4 on line 210, then the rest on line 205.
  const table = Uint8Array.of(255, 0, 45, 127, 0, 73, 4, 251);
  const ranges = decodeLineTable(LINE_TABLE.lnotab, table, 10);
  assert.deepEqual(
    [0, 299, 300, 303, 304, 9999].map((at) => lineAt(ranges, at)),
    [10, 10, 210, 210, 205, 205],
  );
});

test('co_linetable of 3.10: ranges without a line, and beyond the end', () => {
  // 4 bytes on line 11, 2 without line, 6 on line 9.
  const table = Uint8Array.of(4, 1, 2, 128, 6, 254);
  const ranges = decodeLineTable(LINE_TABLE.pep626, table, 10);
  assert.deepEqual(
    [0, 3, 4, 6, 11, 12].map((at) => lineAt(ranges, at)),
    [11, 11, 0, 9, 9, 0],
  );
});

test('location table: every kind of entry', () => {
  const table = Uint8Array.of(
    0x80 | (13 << 3) | 1, // no columns, 2 units, line +3
    6,
    0x80 | (15 << 3), // no location, 1 unit
    0x80 | (14 << 3), // long, 1 unit, line -70 (141 = 13 + 64 × 2), end line, columns
    64 | 13,
    2,
    1,
    2,
    3,
    0x80 | (11 << 3), // line +1, 1 unit
    5,
    6,
    0x80 | (4 << 3) | 7, // short form on the same line, 8 units
    7,
  );
  const ranges = decodeLineTable(LINE_TABLE.locations, table, 100);
  const lines = [0, 2, 4, 6, 8, 10, 24, 26].map((at) => lineAt(ranges, at));
  assert.deepEqual(lines, [103, 103, 0, 33, 34, 34, 34, 0]);
});

test('no table: no line', () => {
  assert.equal(lineAt(decodeLineTable(LINE_TABLE.none, Uint8Array.of(1, 2), 7), 0), 0);
  assert.equal(lineAt(decodeLineTable(99, Uint8Array.of(1, 2), 7), 0), 0);
});

test('any bytes give a table of lines, and no error', () => {
  fc.assert(
    fc.property(fc.constantFrom(1, 2, 3), fc.uint8Array(), fc.nat(2000), (kind, table, offset) => {
      assert.ok(Number.isInteger(lineAt(decodeLineTable(kind, table, 1), offset)));
    }),
  );
});
