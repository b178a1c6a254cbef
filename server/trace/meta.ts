import { constants } from 'node:os';
import type { ChunkBuffer } from './chunk-buffer';
import type { ChunkHeaders, ChunkStream } from './chunk-streams';
import type { ChildEnd } from './events';
import { META } from './format';
import type { TraceSource } from './trace-source';

const GIL_SWITCHED_ON = /^(\d+) (.*)$/s;
const CHILD_END = /^(\d+) (exit|signal) (\d+) (\d+) (\d+)$/;
const RECORD_HEADER_BYTES = 6;

/** A {@link ChildEnd} in the ticks of the trace. */
export interface RawChildEnd extends Omit<ChildEnd, 'atNs'> {
  readonly ticks: bigint;
}

/** What the META chunks say about the process, as far as read. */
export class MetaTable {
  executable = '';
  library = '';
  pythonVersion = '';
  folder = '';
  readonly argv: string[] = [];
  readonly messages: string[] = [];
  readonly childEnds: RawChildEnd[] = [];
  gilSwitchedOn: { readonly ticks: bigint; readonly module: string } | null = null;

  /** Takes in what is new. */
  refresh(
    source: TraceSource,
    stream: ChunkStream,
    headers: ChunkHeaders,
    { bytes, view }: ChunkBuffer,
  ): void {
    for (const { chunk, from, to } of stream.takeNew(headers)) {
      const end = source.read(bytes, chunk, from, to - from);
      let at = 0;
      while (at < end) {
        const value = at + RECORD_HEADER_BYTES;
        const length = value <= end ? view.getUint32(at + 2, true) : 0;
        if (value + length > end) {
          stream.fault = `chunk ${chunk} has a value that is cut short`;
          return;
        }
        const text = Buffer.from(bytes.subarray(value, value + length)).toString('utf8');
        this.take(view.getUint16(at, true), text);
        at = value + length;
      }
    }
  }

  private take(key: number, value: string): void {
    if (key === META.executable) this.executable = value;
    else if (key === META.argument) this.argv.push(value);
    else if (key === META.library) this.library = value;
    else if (key === META.pythonVersion) this.pythonVersion = value;
    else if (key === META.folder) this.folder = value;
    else if (key === META.message) this.messages.push(value);
    else if (key === META.gilSwitchedOn) this.gilSwitchedOn = parseSwitchedOn(value);
    else if (key === META.childEnd) this.childEnds.push(...parseChildEnd(value));
  }
}

function parseSwitchedOn(text: string): MetaTable['gilSwitchedOn'] {
  const [, ticks, module = ''] = GIL_SWITCHED_ON.exec(text) ?? [];
  return ticks === undefined ? null : { ticks: BigInt(ticks), module };
}

/** None where it is damaged. */
function parseChildEnd(text: string): RawChildEnd[] {
  const [, pid, how, number, ticks, tid] = CHILD_END.exec(text) ?? [];
  if (pid === undefined || ticks === undefined) return [];
  return [
    {
      pid: Number(pid),
      code: how === 'exit' ? Number(number) : null,
      signal: how === 'signal' ? signalName(Number(number)) : null,
      ticks: BigInt(ticks),
      tid: Number(tid),
    },
  ];
}

function signalName(number: number): string {
  const known = Object.entries(constants.signals).find(([, value]) => value === number);
  return known?.[0] ?? `signal ${number}`;
}
