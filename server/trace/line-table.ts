/**
 * Line tables of CPython's code objects: from the offset of an instruction, in bytes, to its line. Three encodings:
 * `co_lnotab` (3.9), PEP 626's `co_linetable` (3.10), and the location table (3.11 and later). Agrees with
 * `PyCode_Addr2Line` of each version.
 */
import { LINE_TABLE } from './format';

/** Code ranges in order: range i is [starts[i], starts[i + 1]), the last one ends at `end`. */
export interface LineRanges {
  readonly starts: Uint32Array;
  /** 0: the instructions have no line. */
  readonly lines: Int32Array;
  readonly end: number;
  readonly firstLine: number;
}

const NO_LINE = 0;
const CODE_UNIT_BYTES = 2;
const LOCATION = { none: 15, long: 14, noColumns: 13, oneLine0: 10 } as const;
/** A varint of more than 32 bits is nonsense. */
const VARINT_MAX_SHIFT = 30;

class RangeBuilder {
  private readonly starts: number[] = [];
  private readonly lines: number[] = [];

  add(start: number, line: number): void {
    const last = this.starts.length - 1;
    if (last >= 0 && this.starts[last] === start) this.lines[last] = line;
    else if (last < 0 || this.lines[last] !== line) {
      this.starts.push(start);
      this.lines.push(line);
    }
  }

  build(end: number, firstLine: number): LineRanges {
    return {
      starts: Uint32Array.from(this.starts),
      lines: Int32Array.from(this.lines),
      end,
      firstLine,
    };
  }
}

/**
 * Decodes a line table. A damaged table gives the ranges before the damage.
 *
 * @param kind one of {@link LINE_TABLE}; an unknown one gives no ranges
 */
export function decodeLineTable(kind: number, table: Uint8Array, firstLine: number): LineRanges {
  if (kind === LINE_TABLE.lnotab) return decodeLnotab(table, firstLine);
  if (kind === LINE_TABLE.pep626) return decodePep626(table, firstLine);
  if (kind === LINE_TABLE.locations) return decodeLocations(table, firstLine);
  return new RangeBuilder().build(0, NO_LINE);
}

/** Line of the instruction at `offset` (signed, in bytes); 0: unknown. */
export function lineAt(ranges: LineRanges, offset: number): number {
  // Before the first instruction has run: CPython says the line of the definition.
  if (offset < 0) return ranges.firstLine;
  if (offset >= ranges.end) return NO_LINE;
  let low = 0;
  let high = ranges.starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ranges.starts[middle] ?? 0) <= offset) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? NO_LINE : (ranges.lines[low - 1] ?? NO_LINE);
}

function signedByte(value: number): number {
  return value > 127 ? value - 256 : value;
}

/** Pairs of (offset increment, signed line increment); the last line goes on to the end of the code. */
function decodeLnotab(table: Uint8Array, firstLine: number): LineRanges {
  const builder = new RangeBuilder();
  let offset = 0;
  let line = firstLine;
  builder.add(0, line);
  for (let i = 0; i + 1 < table.length; i += 2) {
    offset += table[i] ?? 0;
    line += signedByte(table[i + 1] ?? 0);
    builder.add(offset, line);
  }
  return builder.build(Infinity, firstLine);
}

/** Pairs of (length in bytes, signed line increment); an increment of -128 says: no line. */
function decodePep626(table: Uint8Array, firstLine: number): LineRanges {
  const builder = new RangeBuilder();
  let offset = 0;
  let line = firstLine;
  for (let i = 0; i + 1 < table.length; i += 2) {
    const length = table[i] ?? 0;
    const delta = signedByte(table[i + 1] ?? 0);
    if (delta !== -128) line += delta;
    if (length > 0) builder.add(offset, delta === -128 ? NO_LINE : line);
    offset += length;
  }
  return builder.build(offset, firstLine);
}

/** Entries of variable length: a first byte with bit 7, kind and length in code units, then bytes without bit 7. */
function decodeLocations(table: Uint8Array, firstLine: number): LineRanges {
  const builder = new RangeBuilder();
  let offset = 0;
  let line = firstLine;
  let at = 0;
  while (at < table.length) {
    const first = table[at] ?? 0;
    if ((first & 0x80) === 0) break;
    const kind = (first >> 3) & 15;
    if (kind === LOCATION.long || kind === LOCATION.noColumns) {
      const delta = signedVarint(table, at + 1);
      if (delta === null) break;
      line += delta;
    } else if (kind >= LOCATION.oneLine0 && kind < LOCATION.noColumns) {
      line += kind - LOCATION.oneLine0;
    }
    builder.add(offset, kind === LOCATION.none ? NO_LINE : line);
    offset += ((first & 7) + 1) * CODE_UNIT_BYTES;
    at++;
    while (at < table.length && ((table[at] ?? 0) & 0x80) === 0) at++;
  }
  return builder.build(offset, firstLine);
}

/** Six bits a byte, lowest first, bit 6: more follow; the lowest bit of the value is its sign. */
function signedVarint(table: Uint8Array, from: number): number | null {
  let value = 0;
  for (let shift = 0, at = from; shift <= VARINT_MAX_SHIFT; shift += 6, at++) {
    const byte = table[at];
    if (byte === undefined || (byte & 0x80) !== 0) return null;
    value += (byte & 63) * 2 ** shift;
    if ((byte & 64) === 0) return value % 2 === 1 ? -Math.floor(value / 2) : value / 2;
  }
  return null;
}
