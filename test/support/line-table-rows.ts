import assert from 'node:assert/strict';
import { decodeLineTable, lineAt } from '../../server/trace/line-table';

/** A line of what `test/fixtures/line-tables/dump_line_tables.py` prints. */
export interface LineTableRow {
  readonly kind: number;
  readonly table: string;
  readonly firstLine: number;
  readonly name: string;
  readonly file: string;
  /** Bytes of code. */
  readonly bytes: number;
  /** What the interpreter itself says: ranges of offsets and their line. */
  readonly lines: readonly (readonly [start: number, end: number, line: number | null])[];
}

/** Checks the line of every instruction against the interpreter's own word. Returns how many there were. */
export function checkRow(row: LineTableRow): number {
  const table = Buffer.from(row.table, 'hex');
  const ranges = decodeLineTable(row.kind, table, row.firstLine);
  let count = 0;
  for (const [start, end, line] of row.lines) {
    for (let offset = start; offset < end; offset += 2, count++) {
      const got = lineAt(ranges, offset);
      if (got !== (line ?? 0))
        assert.equal(got, line ?? 0, `${row.file}, ${row.name}, instruction at ${offset}`);
    }
  }
  assert.equal(lineAt(ranges, -2), row.firstLine);
  return count;
}
