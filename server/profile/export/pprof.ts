import { gzipSync } from 'node:zlib';
import { dataNotes } from '../data-notes';
import type { ExportData, ExportStacks, StackCost } from './export-data';
import { ProtoWriter } from './protobuf';
import type { ByteSink } from './sinks';

/** Field numbers of pprof's profile.proto, of the messages that the export writes. */
const PROFILE = {
  sampleType: 1,
  sample: 2,
  location: 4,
  function: 5,
  stringTable: 6,
  timeNs: 9,
  durationNs: 10,
  comment: 13,
  defaultSampleType: 14,
} as const;
const VALUE_TYPE = { type: 1, unit: 2 } as const;
const SAMPLE = { locationIds: 1, values: 2 } as const;
const LOCATION = { id: 1, line: 4 } as const;
const LINE = { functionId: 1, line: 2 } as const;
const FUNCTION = { id: 1, name: 2, systemName: 3, file: 4 } as const;

/** As Go's own profiles of contention name what they count; the others have our words. */
const SAMPLE_TYPES: readonly (readonly [cost: StackCost, type: string, unit: string])[] = [
  ['contended', 'contentions', 'count'],
  ['wait', 'delay', 'nanoseconds'],
  ['hold', 'hold', 'nanoseconds'],
  ['blocks', 'blocks', 'nanoseconds'],
  ['off', 'off', 'nanoseconds'],
  ['lock-wait', 'lock_delay', 'nanoseconds'],
  ['lock-hold', 'lock_hold', 'nanoseconds'],
  ['lock-blocks', 'lock_blocks', 'nanoseconds'],
];
const DEFAULT_TYPE = 'delay';

/** A profile for `pprof`: the costs of every stack. Its size follows the stacks, not the events. */
export function writePprof(data: ExportData, sink: ByteSink): void {
  const pieces: Buffer[] = [];
  const out = new ProtoWriter();
  const keep: ByteSink = { write: (bytes) => void pieces.push(Buffer.from(bytes)) };
  const strings = new StringTable();
  for (const [, type, unit] of SAMPLE_TYPES) {
    const valueType = out.open(PROFILE.sampleType);
    out.uint(VALUE_TYPE.type, strings.of(type));
    out.uint(VALUE_TYPE.unit, strings.of(unit));
    out.close(valueType);
  }
  const used = writeSamples(data.stacks, out, keep);
  writePlaces(data.stacks, used, strings, out, keep);
  const { startedAt, wallNs, command } = data.profile;
  const startMs = Date.parse(startedAt);
  if (startMs > 0) out.uint(PROFILE.timeNs, startMs * 1e6);
  out.uint(PROFILE.durationNs, wallNs);
  out.uint(PROFILE.defaultSampleType, strings.of(DEFAULT_TYPE));
  const comments = [`GILscope: ${command.join(' ')}`, ...dataNotes(data.profile)];
  for (const comment of comments) out.uint(PROFILE.comment, strings.of(comment));
  for (const text of strings.all()) {
    out.text(PROFILE.stringTable, text);
    out.flushIfLarge(keep);
  }
  out.flush(keep);
  sink.write(gzipSync(Buffer.concat(pieces)));
}

/** The frames that the samples use. */
function writeSamples(stacks: ExportStacks, out: ProtoWriter, sink: ByteSink): Set<number> {
  const used = new Set<number>();
  for (let stack = 0; stack < stacks.count; stack++) {
    const values = SAMPLE_TYPES.map(([cost]) => stacks.cost(stack, cost));
    if (values.every((value) => value === 0)) continue;
    const path = stacks.path(stack).reverse();
    for (const frame of path) used.add(frame);
    const sample = out.open(PROFILE.sample);
    // A location's id is not 0.
    out.uints(
      SAMPLE.locationIds,
      path.map((frame) => frame + 1),
    );
    out.uints(SAMPLE.values, values);
    out.close(sample);
    out.flushIfLarge(sink);
  }
  return used;
}

function writePlaces(
  stacks: ExportStacks,
  used: ReadonlySet<number>,
  strings: StringTable,
  out: ProtoWriter,
  sink: ByteSink,
): void {
  const functionIds = new Map<string, number>();
  for (const frame of used) {
    const place = stacks.frames[frame] ?? { file: '', line: 0, function: '' };
    const name = place.function === '' ? place.file : place.function;
    const key = `${name}\0${place.file}`;
    let id = functionIds.get(key);
    if (id === undefined) {
      id = functionIds.size + 1;
      functionIds.set(key, id);
      const start = out.open(PROFILE.function);
      out.uint(FUNCTION.id, id);
      out.uint(FUNCTION.name, strings.of(name));
      out.uint(FUNCTION.systemName, strings.of(name));
      out.uint(FUNCTION.file, strings.of(place.file));
      out.close(start);
    }
    const location = out.open(PROFILE.location);
    out.uint(LOCATION.id, frame + 1);
    const line = out.open(LOCATION.line);
    out.uint(LINE.functionId, id);
    out.uint(LINE.line, place.line);
    out.close(line);
    out.close(location);
    out.flushIfLarge(sink);
  }
}

/** Each text once; the first is the empty one. */
class StringTable {
  readonly #indices = new Map<string, number>([['', 0]]);

  of(text: string): number {
    const known = this.#indices.get(text);
    if (known !== undefined) return known;
    this.#indices.set(text, this.#indices.size);
    return this.#indices.size - 1;
  }

  all(): Iterable<string> {
    return this.#indices.keys();
  }
}
