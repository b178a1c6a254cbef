/** Plain text tables: numbers to the left, right-aligned; what they are about to the right, never cut. */
export interface Column<Row> {
  readonly head: string;
  readonly cell: (row: Row) => string;
}

const GAP = '  ';
const INDENT = '  ';
/** Before the last column, so that it can be told from the numbers. */
const LAST_GAP = '   ';

/** Lines of a table: the heads, then a line for each row. */
export function tableLines<Row>(
  numbers: readonly Column<Row>[],
  last: Column<Row>,
  rows: readonly Row[],
): string[] {
  const widths = numbers.map(({ head, cell }) =>
    Math.max(widthOf(head), ...rows.map((row) => widthOf(cell(row)))),
  );
  const line = (cells: readonly string[], end: string): string => {
    const padded = cells.map((cell, at) => ' '.repeat((widths[at] ?? 0) - widthOf(cell)) + cell);
    return `${INDENT}${padded.join(GAP)}${LAST_GAP}${end}`.trimEnd();
  };
  return [
    line(
      numbers.map(({ head }) => head),
      last.head,
    ),
    ...rows.map((row) =>
      line(
        numbers.map(({ cell }) => cell(row)),
        last.cell(row),
      ),
    ),
  ];
}

/** Characters, not UTF-16 units. */
function widthOf(text: string): number {
  return Array.from(text).length;
}

const WIDTH = 92;

/** Not before a unit: a number keeps its own. */
const BREAK = /\s+(?!(?:ns|µs|ms|s|min|h|%)(?![\p{L}\p{N}]))/u;

/** Breaks a text into lines of at most 92 characters; a word is never cut. */
export function wrap(text: string, indent: string): string[] {
  const lines: string[] = [];
  for (const word of text
    .trim()
    .split(BREAK)
    .filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= WIDTH) {
      lines[lines.length - 1] = `${last} ${word}`;
    } else {
      lines.push(indent + word);
    }
  }
  return lines;
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-US');
}

/** A share in percent; never a zero that is not one. */
export function formatShare(part: number, whole: number): string {
  if (part <= 0 || whole <= 0) return '0 %';
  const percent = (part / whole) * 100;
  if (percent < 1) return '<1 %';
  if (percent > 99 && percent < 100) return '>99 %';
  return `${Math.round(percent)} %`;
}
