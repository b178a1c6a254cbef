import { LANE_STATES, type LaneState, type ProcessRow, type ThreadRow } from '../../protocol';
import type { LaneView } from '../lane-view';
import { idOfItsProcess, processesById } from '../process-id';
import type { ExportData, ExportStacks } from './export-data';
import { type BlamedSegment, gilSegments } from './gil-segments';
import { type LoadCurve, loadCurve } from './load-curve';
import {
  ANNOTATION,
  COUNTER,
  EVENT,
  EVENT_TYPE,
  INTERNED,
  NAMED,
  PACKET,
  PROCESS,
  SEQUENCE_FLAG,
  SOURCE_LOCATION,
  THREAD,
  TRACE,
  TRACK,
} from './perfetto-fields';
import { ProtoWriter } from './protobuf';
import type { ByteSink } from './sinks';

const SEQUENCE = 1;
const CATEGORY = { id: 1, name: 'gil' } as const;

/**
 * A trace for Perfetto: a track for each process and thread with its states, an arrow from each wait to the holds that
 * took a good part of it, and for each GIL how busy it was and how many waited.
 */
export function writePerfetto(data: ExportData, sink: ByteSink): void {
  new PerfettoWriter(data, sink).write();
}

class PerfettoWriter {
  readonly #data: ExportData;
  readonly #sink: ByteSink;
  readonly #out = new ProtoWriter();
  readonly #interned = new Set<number>();
  #lastTrack = 0;

  constructor(data: ExportData, sink: ByteSink) {
    this.#data = data;
    this.#sink = sink;
  }

  write(): void {
    const { profile, lanes } = this.#data;
    this.#first();
    const processTracks = new Map(
      [...processesById(profile.processes)].map(([id, row]) => [id, this.#process(row)]),
    );
    const laneTracks = this.#threads(profile.threads);
    this.#incompleteness(processTracks);
    let link = 1;
    for (const gil of profile.gils) {
      const own = [...lanes.entries()].filter(([row]) => profile.threads[row]?.gil === gil.id);
      link = this.#segments(own, laneTracks, link);
      const curve = loadCurve(
        own.map(([, view]) => view),
        profile.wallNs,
      );
      this.#curves(gil.id, processTracks.get(idOfItsProcess(gil)) ?? 0, curve);
    }
    this.#out.flush(this.#sink);
  }

  /** What all packets refer to: the names of the states. */
  #first(): void {
    const out = this.#out;
    const packet = this.#open(0, SEQUENCE_FLAG.stateCleared);
    const interned = out.open(PACKET.internedData);
    this.#named(INTERNED.categories, CATEGORY.id, CATEGORY.name);
    for (const [index, state] of LANE_STATES.entries()) {
      this.#named(INTERNED.names, index + 1, state);
    }
    out.close(interned);
    this.#close(packet);
  }

  #named(field: number, id: number, name: string): void {
    const named = this.#out.open(field);
    this.#out.uint(NAMED.id, id);
    this.#out.text(NAMED.name, name);
    this.#out.close(named);
  }

  #process(row: ProcessRow): number {
    const out = this.#out;
    const [packet, track, uuid] = this.#openTrack();
    const process = out.open(TRACK.process);
    out.uint(PROCESS.pid, row.pid);
    for (const argument of row.argv) out.text(PROCESS.commandLine, argument);
    out.text(PROCESS.name, row.argv.join(' ') || row.executable);
    out.close(process);
    out.close(track);
    this.#close(packet);
    return uuid;
  }

  /** The tracks of the rows. A thread that works in several interpreters has one below its own for each further GIL. */
  #threads(rows: readonly ThreadRow[]): number[] {
    const first = new Map<string, { readonly uuid: number; readonly row: ThreadRow }>();
    return rows.map((row) => {
      const key = `${idOfItsProcess(row)}/${row.tid}`;
      const known = first.get(key);
      const isFurther = known !== undefined && known.row.gil !== row.gil;
      const uuid = isFurther ? this.#below(known.uuid, `GIL ${row.gil}`) : this.#thread(row);
      if (!isFurther) first.set(key, { uuid, row });
      return uuid;
    });
  }

  #thread(row: ThreadRow): number {
    const out = this.#out;
    const [packet, track, uuid] = this.#openTrack();
    const thread = out.open(TRACK.thread);
    out.uint(THREAD.pid, row.pid);
    out.uint(THREAD.tid, row.tid);
    if (row.name !== '') out.text(THREAD.name, row.name);
    out.close(thread);
    out.close(track);
    this.#close(packet);
    return uuid;
  }

  #below(parent: number, name: string, unit: string | null = null): number {
    const out = this.#out;
    const [packet, track, uuid] = this.#openTrack();
    if (parent > 0) out.uint(TRACK.parentUuid, parent);
    out.text(TRACK.name, name);
    if (unit !== null) {
      const counter = out.open(TRACK.counter);
      out.text(COUNTER.unitName, unit);
      out.close(counter);
    }
    out.close(track);
    this.#close(packet);
    return uuid;
  }

  /** What the picture does not show is said at its start. */
  #incompleteness(tracks: ReadonlyMap<string, number>): void {
    const { reason } = this.#data.profile.lost;
    const [track] = tracks.values();
    if (reason === null || track === undefined) return;
    const out = this.#out;
    const packet = this.#open(0, SEQUENCE_FLAG.needsState);
    const event = this.#event(EVENT_TYPE.instant, track);
    out.text(EVENT.category, CATEGORY.name);
    out.text(EVENT.name, 'incomplete');
    const annotation = out.open(EVENT.annotations);
    out.text(ANNOTATION.name, 'reason');
    out.text(ANNOTATION.text, reason);
    out.close(annotation);
    out.close(event);
    this.#close(packet);
  }

  #segments(
    lanes: readonly (readonly [number, LaneView])[],
    tracks: readonly number[],
    link: number,
  ): number {
    const segments = gilSegments(lanes, link);
    for (let next = segments.next(); ; next = segments.next()) {
      if (next.done === true) return next.value;
      this.#segment(next.value, tracks[next.value.lane] ?? 0);
    }
  }

  #segment(segment: BlamedSegment, track: number): void {
    const out = this.#out;
    const frame = frameOf(this.#data.stacks, segment.stack);
    const begin = this.#open(segment.startNs, SEQUENCE_FLAG.needsState);
    if (frame > 0) this.#intern(frame);
    const event = this.#event(EVENT_TYPE.begin, track);
    out.uint(EVENT.categoryIds, CATEGORY.id);
    out.uint(EVENT.nameId, nameIdOf(segment.state));
    if (frame > 0) out.uint(EVENT.sourceLocationId, frame);
    if (segment.state === 'waiting') {
      for (const link of segment.links) out.fixed64(EVENT.flowIds, link);
    }
    out.close(event);
    this.#close(begin);
    const end = this.#open(segment.endNs, SEQUENCE_FLAG.needsState);
    const ending = this.#event(EVENT_TYPE.end, track);
    // At its end: an arrow goes forward in time, and the wait began while the hold went on.
    if (segment.state === 'holding') {
      for (const link of segment.links) out.fixed64(EVENT.terminatingFlowIds, link);
    }
    out.close(ending);
    this.#close(end);
  }

  /** The place of a frame, with the first packet that needs it. */
  #intern(frame: number): void {
    if (this.#interned.has(frame)) return;
    this.#interned.add(frame);
    const out = this.#out;
    const place = this.#data.stacks.frames[frame];
    const interned = out.open(PACKET.internedData);
    const location = out.open(INTERNED.sourceLocations);
    out.uint(SOURCE_LOCATION.id, frame);
    out.text(SOURCE_LOCATION.file, place?.file ?? '');
    out.text(SOURCE_LOCATION.function, place?.function ?? '');
    out.uint(SOURCE_LOCATION.line, place?.line ?? 0);
    out.close(location);
    out.close(interned);
  }

  #curves(gil: string, process: number, curve: LoadCurve): void {
    const load = this.#below(process, `GIL ${gil} held`, '%');
    const queue = this.#below(process, `GIL ${gil} waiting threads`, 'threads');
    let wasHeld = -1;
    let wasWaiting = -1;
    for (let bin = 0; bin <= curve.heldNs.length; bin++) {
      const held = (100 * (curve.heldNs[bin] ?? 0)) / curve.binNs;
      const waiting = (curve.waitedNs[bin] ?? 0) / curve.binNs;
      const atNs = Math.round(bin * curve.binNs);
      if (held !== wasHeld) this.#count(load, atNs, held);
      if (waiting !== wasWaiting) this.#count(queue, atNs, waiting);
      [wasHeld, wasWaiting] = [held, waiting];
    }
  }

  #count(track: number, atNs: number, value: number): void {
    const packet = this.#open(atNs, SEQUENCE_FLAG.needsState);
    const event = this.#event(EVENT_TYPE.counter, track);
    this.#out.double(EVENT.doubleValue, value);
    this.#out.close(event);
    this.#close(packet);
  }

  #openTrack(): [packet: number, track: number, uuid: number] {
    const packet = this.#open(0, SEQUENCE_FLAG.needsState);
    const track = this.#out.open(PACKET.trackDescriptor);
    const uuid = ++this.#lastTrack;
    this.#out.uint(TRACK.uuid, uuid);
    return [packet, track, uuid];
  }

  #open(atNs: number, flags: number): number {
    const out = this.#out;
    const packet = out.open(TRACE.packet);
    out.uint(PACKET.timestamp, atNs);
    out.uint(PACKET.sequenceId, SEQUENCE);
    out.uint(PACKET.sequenceFlags, flags);
    return packet;
  }

  #close(packet: number): void {
    this.#out.close(packet);
    this.#out.flushIfLarge(this.#sink);
  }

  #event(type: number, track: number): number {
    const event = this.#out.open(PACKET.trackEvent);
    this.#out.uint(EVENT.type, type);
    this.#out.uint(EVENT.trackUuid, track);
    return event;
  }
}

function nameIdOf(state: LaneState): number {
  return LANE_STATES.indexOf(state) + 1;
}

function frameOf(stacks: ExportStacks, stack: number): number {
  return stacks.frameOf(stacks.known(stack));
}
