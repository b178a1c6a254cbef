import assert from 'node:assert/strict';
import { Message } from './protobuf-fields';

/** A slice of a track; its arrows by their numbers. */
export interface Slice {
  readonly track: number;
  readonly name: string;
  readonly startNs: number;
  readonly endNs: number;
  readonly file: string;
  readonly line: number;
  readonly arrowsOut: readonly number[];
  readonly arrowsIn: readonly number[];
  /** The lock that it is a wait for, '' none. */
  readonly lock: string;
}

export interface Track {
  readonly id: number;
  readonly name: string;
  readonly parent: number;
  /** Null: no thread. */
  readonly thread: { readonly pid: number; readonly tid: number; readonly name: string } | null;
  readonly pid: number | null;
}

export interface PerfettoTrace {
  readonly tracks: readonly Track[];
  readonly slices: readonly Slice[];
  /** By track: [ns, value]. */
  readonly counters: ReadonlyMap<number, readonly (readonly [number, number])[]>;
  readonly instants: readonly string[];
}

/** Reads a trace as Perfetto's own reader does: packets by time, then by their order; numbers by its schema. */
export function readPerfetto(bytes: Buffer): PerfettoTrace {
  const packets = new Message(bytes).messages(1);
  const names = new Map<number, string>();
  const places = new Map<number, { file: string; line: number }>();
  const tracks: Track[] = [];
  for (const packet of packets) {
    assert.equal(packet.number(10), 1, 'of one sequence');
    for (const interned of packet.messages(12)) {
      for (const name of interned.messages(2)) names.set(name.number(1), name.texts(2)[0] ?? '');
      for (const place of interned.messages(4)) {
        places.set(place.number(1), { file: place.texts(2)[0] ?? '', line: place.number(4) });
      }
    }
    for (const track of packet.messages(60)) tracks.push(trackOf(track));
  }
  const events = packets
    .flatMap((packet, order) =>
      packet.messages(11).map((event) => ({ atNs: packet.number(8), order, event })),
    )
    .sort((a, b) => a.atNs - b.atNs || a.order - b.order);
  const open = new Map<number, { atNs: number; event: Message }>();
  const slices: Slice[] = [];
  const counters = new Map<number, [number, number][]>();
  const instants: string[] = [];
  for (const { atNs, event } of events) {
    const track = event.number(11);
    assert.ok(tracks.some(({ id }) => id === track));
    const type = event.number(9);
    if (type === 1) {
      assert.ok(!open.has(track), 'slices of a track do not nest');
      open.set(track, { atNs, event });
    } else if (type === 2) {
      const begun = open.get(track);
      assert.ok(begun, 'an end has its begin');
      open.delete(track);
      const place = places.get(begun.event.number(34)) ?? { file: '', line: 0 };
      slices.push({
        track,
        name: names.get(begun.event.number(10)) ?? begun.event.texts(23)[0] ?? '?',
        startNs: begun.atNs,
        endNs: atNs,
        ...place,
        arrowsOut: begun.event.fixed(47),
        arrowsIn: event.fixed(48),
        lock: textOf(begun.event, 'lock'),
      });
    } else if (type === 4) {
      const points = counters.get(track) ?? [];
      counters.set(track, points);
      points.push([atNs, event.doubles(44)[0] ?? NaN]);
    } else {
      instants.push(event.texts(23)[0] ?? '');
    }
  }
  assert.equal(open.size, 0, 'every slice ends');
  return { tracks, slices, counters, instants };
}

function textOf(event: Message, name: string): string {
  const found = event.messages(4).find((annotation) => annotation.texts(10)[0] === name);
  return found?.texts(6)[0] ?? '';
}

function trackOf(track: Message): Track {
  const [thread] = track.messages(4);
  const [process] = track.messages(3);
  return {
    id: track.number(1),
    name: track.texts(2)[0] ?? '',
    parent: track.number(5),
    thread:
      thread === undefined
        ? null
        : { pid: thread.number(1), tid: thread.number(2), name: thread.texts(5)[0] ?? '' },
    pid: process?.number(1) ?? null,
  };
}
