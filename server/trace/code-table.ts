import { posix, win32 } from 'node:path';
import { decodeLineTable, lineAt, type LineRanges } from './line-table';
import type { InternedStacks } from './stack-table';

/** A code object as the trace describes it. */
export interface CodeDescription {
  readonly file: string;
  readonly name: string;
  readonly firstLine: number;
  readonly tableKind: number;
  readonly table: Uint8Array;
}

/** A code object, once for all streams and processes; knows the locations of its instructions. */
export class SharedCode {
  private readonly locationByOffset = new Map<number, number>();

  constructor(
    private readonly file: string,
    private readonly name: string,
    private readonly ranges: LineRanges,
    private readonly stacks: InternedStacks,
  ) {}

  /** Index of the location of the instruction at `offset` (signed, bytes). */
  locationAt(offset: number): number {
    const known = this.locationByOffset.get(offset);
    if (known !== undefined) return known;
    const location = this.stacks.internLocation(this.file, lineAt(this.ranges, offset), this.name);
    this.locationByOffset.set(offset, location);
    return location;
  }
}

/** Code objects of the whole run. Processes of a pool define the same ones again: their tables are kept once. */
export class SharedCodes {
  private readonly byContent = new Map<string, SharedCode>();

  constructor(private readonly stacks: InternedStacks) {}

  /** @param folder the process's folder, to make file names absolute; '' if unknown */
  intern(code: CodeDescription, folder: string): SharedCode {
    const file = absoluteFile(code.file, folder);
    const content = Buffer.from(code.table.buffer, code.table.byteOffset, code.table.length);
    const key = [file, code.name, code.firstLine, code.tableKind, content.toString('latin1')];
    const joined = key.join('\0');
    const known = this.byContent.get(joined);
    if (known !== undefined) return known;
    const ranges = decodeLineTable(code.tableKind, code.table, code.firstLine);
    const shared = new SharedCode(file, code.name, ranges, this.stacks);
    this.byContent.set(joined, shared);
    return shared;
  }
}

/** An absolute path for a code's own file name; a name in angle brackets, as of `<string>`, stays. */
export function absoluteFile(file: string, folder: string): string {
  if (file === '') return '<unknown>';
  if (file.startsWith('<') && file.endsWith('>')) return file;
  const windows = /^[A-Za-z]:[\\/]|^\\\\/;
  if (windows.test(file)) return win32.normalize(file);
  if (windows.test(folder)) return win32.resolve(folder, file);
  if (file.startsWith('/')) return posix.normalize(file);
  return folder.startsWith('/') ? posix.resolve(folder, file) : file;
}
