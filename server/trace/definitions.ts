/** The CODE, TABLE and NODE records of one stream: its own ids to the run's nodes. */
import type { SharedCode, SharedCodes } from './code-table';
import { TAG } from './format';
import type { InternedStacks } from './stack-table';

/** Bytes of a record before its first value: tag and length. */
const TAGGED_HEADER_BYTES = 5;
const CODE_FIXED_BYTES = TAGGED_HEADER_BYTES + 24;
const NODE_BYTES = TAGGED_HEADER_BYTES + 16;
const TABLE_FIXED_BYTES = TAGGED_HEADER_BYTES + 4;
const REPLACEMENT = 0xfffd;

/** A code object of this stream; its table may still be arriving, until the first node uses it. */
interface StreamCode {
  shared: SharedCode | null;
  readonly file: string;
  readonly name: string;
  readonly firstLine: number;
  readonly tableKind: number;
  readonly tableBytes: number;
  parts: Uint8Array[];
  received: number;
}

export interface DefinitionContext {
  readonly codes: SharedCodes;
  readonly stacks: InternedStacks;
  /** The process's folder, '' while unknown. */
  folder: string;
}

export class Definitions {
  /** From the stream's node id to the run's node; entries below {@link nodeCount} are defined. */
  nodes = new Uint32Array(256);
  nodeCount = 1;
  /** What is wrong, after `read` returned -1. */
  fault = '';
  /** Numbers are used up even where the record failed: they only grow. */
  private readonly codes = new Map<number, StreamCode>();
  private lastCode = 0;

  constructor(private readonly context: DefinitionContext) {}

  /** The run's node of a node id of this stream; 0 (no frame) where it is not defined. */
  nodeOf(id: number): number {
    return id < this.nodeCount ? (this.nodes[id] ?? 0) : 0;
  }

  /**
   * Takes in the tagged record at `at`, all of which is below `end`.
   *
   * @returns where the next record begins, or -1 if this one is damaged ({@link fault})
   */
  read(bytes: Uint8Array, view: DataView, at: number, end: number): number {
    if (at + TAGGED_HEADER_BYTES > end) return this.damage('a record is cut short');
    const length = view.getUint32(at + 1, true);
    if (length < TAGGED_HEADER_BYTES || length > end - at)
      return this.damage(`a record has an impossible length of ${length} bytes`);
    const tag = view.getUint8(at);
    let sound = true;
    if (tag === TAG.node) sound = this.readNode(view, at, length);
    else if (tag === TAG.code) sound = this.readCode(bytes, view, at, length);
    else if (tag === TAG.table) sound = this.readTable(bytes, view, at, length);
    return sound ? at + length : -1;
  }

  private damage(fault: string): -1 {
    this.fault = fault;
    return -1;
  }

  private refuse(fault: string): false {
    this.fault = fault;
    return false;
  }

  private readNode(view: DataView, at: number, length: number): boolean {
    if (length < NODE_BYTES) return this.refuse('a stack record is cut short');
    const id = view.getUint32(at + 5, true);
    const parent = view.getUint32(at + 9, true);
    const codeId = view.getUint32(at + 13, true);
    const offset = view.getInt32(at + 17, true);
    const code = this.codes.get(codeId);
    if (id !== this.nodeCount) return this.refuse(`stack ${id} is out of sequence`);
    if (parent >= id) return this.refuse(`stack ${id} has an undefined caller ${parent}`);
    if (code === undefined) return this.refuse(`stack ${id} has undefined code ${codeId}`);
    if (id >= this.nodes.length) {
      const nodes = new Uint32Array(this.nodes.length * 2);
      nodes.set(this.nodes);
      this.nodes = nodes;
    }
    const caller = this.nodes[parent] ?? 0;
    this.nodes[id] = isShim(code)
      ? caller
      : this.context.stacks.internNode(caller, this.sharedCode(code).locationAt(offset));
    this.nodeCount++;
    return true;
  }

  private sharedCode(code: StreamCode): SharedCode {
    if (code.shared !== null) return code.shared;
    const first = code.parts[0];
    const table = code.parts.length === 1 && first ? first : Buffer.concat(code.parts);
    code.shared = this.context.codes.intern({ ...code, table }, this.context.folder);
    code.parts = [];
    return code.shared;
  }

  private readCode(bytes: Uint8Array, view: DataView, at: number, length: number): boolean {
    if (length < CODE_FIXED_BYTES) return this.refuse('a code record is cut short');
    const id = view.getUint32(at + 5, true);
    if (id <= this.lastCode) return this.refuse(`code ${id} is out of sequence`);
    const fileWidth = view.getUint8(at + 14);
    const nameWidth = view.getUint8(at + 15);
    const fileChars = view.getUint32(at + 17, true);
    const nameChars = view.getUint32(at + 21, true);
    const tableBytes = view.getUint32(at + 25, true);
    const fileAt = at + CODE_FIXED_BYTES;
    const nameAt = fileAt + fileChars * fileWidth;
    const tableAt = nameAt + nameChars * nameWidth;
    const end = at + length;
    if (!isWidth(fileWidth) || !isWidth(nameWidth) || tableAt > end || end - tableAt > tableBytes)
      return this.refuse(`code ${id} has impossible lengths`);
    this.lastCode = id;
    this.codes.set(id, {
      shared: null,
      file: readString(bytes, view, fileAt, fileChars, fileWidth),
      name: readString(bytes, view, nameAt, nameChars, nameWidth),
      firstLine: view.getInt32(at + 9, true),
      tableKind: view.getUint8(at + 13),
      tableBytes,
      parts: [bytes.slice(tableAt, end)],
      received: end - tableAt,
    });
    return true;
  }

  private readTable(bytes: Uint8Array, view: DataView, at: number, length: number): boolean {
    if (length < TABLE_FIXED_BYTES) return this.refuse('a line table record is cut short');
    const id = view.getUint32(at + 5, true);
    const code = this.codes.get(id);
    if (code === undefined) return this.refuse(`a line table is of undefined code ${id}`);
    code.received += length - TABLE_FIXED_BYTES;
    if (code.shared !== null || code.received > code.tableBytes)
      return this.refuse(`code ${id} has more line table than it says`);
    code.parts.push(bytes.slice(at + TABLE_FIXED_BYTES, at + length));
    return true;
  }
}

/** The frame that CPython ≥ 3.13 puts between a class that is called and its `__init__`; no line of any file. */
function isShim({ file, name, firstLine }: StreamCode): boolean {
  return file === '__init__' && name === '__init__' && firstLine < 1;
}

function isWidth(width: number): boolean {
  return width === 1 || width === 2 || width === 4;
}

/** A `str` as CPython stores it: Latin-1, UCS-2 or UCS-4. */
function readString(
  bytes: Uint8Array,
  view: DataView,
  at: number,
  chars: number,
  width: number,
): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + at, chars * width);
  if (width === 1) return buffer.toString('latin1');
  if (width === 2) return buffer.toString('utf16le');
  let text = '';
  for (let i = 0; i < chars; i++) {
    const point = view.getUint32(at + 4 * i, true);
    text += String.fromCodePoint(point > 0x10ffff ? REPLACEMENT : point);
  }
  return text;
}
