/** What budgets need to know of a Python source: its comments, and which physical lines make up one statement. */

export interface LogicalLine {
  /** 1-based. */
  readonly firstLine: number;
  readonly lastLine: number;
  /** Columns of its indentation, tabs to multiples of eight. */
  readonly indent: number;
  /** Its first physical line, without the indentation. */
  readonly text: string;
}

export interface Comment {
  /** 1-based. */
  readonly line: number;
  /** 0-based, of the `#`. */
  readonly column: number;
  readonly text: string;
  /** Index of the logical line that it stands on, or, alone on its line, of the next one (which may not exist). */
  readonly logicalLine: number;
}

export interface PythonLines {
  readonly logicalLines: readonly LogicalLine[];
  readonly comments: readonly Comment[];
}

interface Scan {
  /** The quote that ends the open string, '' outside. */
  quote: string;
  depth: number;
  /** The line before ended with a backslash. */
  continued: boolean;
}

const TAB = 8;

/** Splits a source. Never fails: what is not Python gives some split, and the comments that it then has. */
export function scanPython(source: string): PythonLines {
  const logicalLines: LogicalLine[] = [];
  const comments: Comment[] = [];
  const scan: Scan = { quote: '', depth: 0, continued: false };
  const lines = source.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  for (const [index, text] of lines.entries()) {
    const line = index + 1;
    const inside = scan.quote !== '' || scan.depth > 0 || scan.continued;
    const column = scanLine(text, scan);
    const last = logicalLines.length - 1;
    const open = logicalLines[last];
    if (inside && open !== undefined) {
      logicalLines[last] = { ...open, lastLine: line };
    } else if (text.slice(0, column ?? text.length).trim() !== '') {
      const trimmed = text.trimStart();
      const indent = columnsOf(text.slice(0, text.length - trimmed.length));
      logicalLines.push({ firstLine: line, lastLine: line, indent, text: trimmed });
    }
    if (column === null) continue;
    const alone = !inside && text.slice(0, column).trim() === '';
    const logicalLine = logicalLines.length - (alone ? 0 : 1);
    comments.push({ line, column, text: text.slice(column), logicalLine });
  }
  return { logicalLines, comments };
}

function columnsOf(space: string): number {
  let columns = 0;
  for (const char of space)
    columns = char === '\t' ? (Math.floor(columns / TAB) + 1) * TAB : columns + 1;
  return columns;
}

/** Moves the scan over one physical line. Returns the column of its comment, or null. */
function scanLine(text: string, scan: Scan): number | null {
  scan.continued = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charAt(at);
    if (char === '\\') {
      if (at === text.length - 1) scan.continued = true;
      at++;
    } else if (scan.quote !== '') {
      if (text.startsWith(scan.quote, at)) {
        at += scan.quote.length - 1;
        scan.quote = '';
      }
    } else if (char === '#') {
      return at;
    } else if (char === '"' || char === "'") {
      scan.quote = text.startsWith(char.repeat(3), at) ? char.repeat(3) : char;
      at += scan.quote.length - 1;
    } else if ('([{'.includes(char)) {
      scan.depth++;
    } else if (')]}'.includes(char)) {
      scan.depth = Math.max(0, scan.depth - 1);
    }
  }
  // A string in single quotes ends with its line, unless a backslash carries it on.
  if (scan.quote.length === 1 && !scan.continued) scan.quote = '';
  return null;
}

/** Index of the last logical line of the block that the one at `header` opens; `header` itself where it has none. */
export function endOfBlock(lines: readonly LogicalLine[], header: number): number {
  const indent = lines[header]?.indent ?? 0;
  let end = header;
  while ((lines[end + 1]?.indent ?? -1) > indent) end++;
  return end;
}
