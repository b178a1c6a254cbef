import type { ProcessRow, Profile, ThreadRow } from '../../protocol';
import { LANE_STATES, type LaneState } from '../../protocol-chart';
import type { LaneSegment } from '../lane-segments';
import type { LaneView } from '../lane-view';
import { idOfItsProcess, processesById } from '../process-id';
import { WITHOUT_GIL } from '../rows';
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
const OF_LOCKS = { id: 2, name: 'lock' } as const;
/** Of a thread without a GIL that does not wait for a lock; its number comes after those of the states. */
const UNKNOWN = { id: LANE_STATES.length + 1, name: 'running or off' } as const;

/**
 * A trace for Perfetto: a track for each process and thread with its states, an arrow from each wait to the holds that
 * took a good part of it, for each GIL how busy it was and how many waited, and for each lock that was waited for who
 * had it.
 */
export function writePerfetto(data: ExportData, sink: ByteSink): void {
  new PerfettoWriter(data, sink).write();
}

class PerfettoWriter {
  readonly #data: ExportData;
  readonly #sink: ByteSink;
  readonly #out = new ProtoWriter();
  readonly #interned = new Set<number>();
  readonly #withoutGil: ReadonlySet<string>;
  #lastTrack = 0;

  constructor(data: ExportData, sink: ByteSink) {
    this.#data = data;
    this.#sink = sink;
    const processes = [...processesById(data.profile.processes)];
    this.#withoutGil = new Set(processes.flatMap(([id, row]) => (row.gilEnabled ? [] : [id])));
  }

  write(): void {
    const { profile, lanes } = this.#data;
    this.#first();
    const processTracks = new Map(
      [...processesById(profile.processes)].map(([id, row]) => [id, this.#process(row)]),
    );
    const laneTracks = this.#threads(profile.threads);
    this.#incompleteness(processTracks);
    this.#gils(processTracks, laneTracks);
    const known = new Set(profile.gils.map(({ id }) => id));
    const others = [...lanes.entries()].filter(([row]) => !known.has(gilOf(profile, row)));
    this.#segments(others, laneTracks, 0);
    this.#locks(processTracks);
    this.#out.flush(this.#sink);
  }

  #gils(processTracks: ReadonlyMap<string, number>, laneTracks: readonly number[]): void {
    const { profile, lanes } = this.#data;
    let link = 1;
    for (const gil of profile.gils) {
      const own = [...lanes.entries()].filter(([row]) => gilOf(profile, row) === gil.id);
      link = this.#segments(own, laneTracks, link);
      // Nobody ever took it.
      if (gil.interpreter < 0) continue;
      const views = own.map(([, view]) => view);
      const curve = loadCurve(views, profile.wallNs);
      this.#curves(gil.id, processTracks.get(idOfItsProcess(gil)) ?? 0, curve);
    }
  }

  /** Below its process, for each lock a track of who had it. */
  #locks(processTracks: ReadonlyMap<string, number>): void {
    const { locks, profile } = this.#data;
    for (const { process, title, holds } of locks.locks) {
      const track = this.#below(processTracks.get(process) ?? 0, title);
      for (const { row, stack, startNs, endNs } of holds()) {
        const thread = profile.threads[row];
        const name = thread === undefined ? 'unknown' : thread.name || `thread ${thread.tid}`;
        this.#slice(track, { startNs, endNs, stack }, () => {
          this.#out.uint(EVENT.categoryIds, OF_LOCKS.id);
          this.#out.text(EVENT.name, `held by ${name}`);
        });
      }
    }
  }

  /** What all packets refer to: the names of the states. */
  #first(): void {
    const out = this.#out;
    const packet = this.#open(0, SEQUENCE_FLAG.stateCleared);
    const interned = out.open(PACKET.internedData);
    this.#named(INTERNED.categories, CATEGORY.id, CATEGORY.name);
    this.#named(INTERNED.categories, OF_LOCKS.id, OF_LOCKS.name);
    for (const [index, state] of LANE_STATES.entries()) {
      this.#named(INTERNED.names, index + 1, state);
    }
    this.#named(INTERNED.names, UNKNOWN.id, UNKNOWN.name);
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
    const { lost, processes } = this.#data.profile;
    const [first] = tracks.values();
    if (lost.reason !== null && first !== undefined) {
      this.#instant(first, 'incomplete', lost.reason);
    }
    for (const [id, { gilEnabled, messages }] of processesById(processes)) {
      const track = tracks.get(id) ?? 0;
      if (!gilEnabled) this.#instant(track, 'no GIL', WITHOUT_GIL);
      for (const message of messages) {
        if (message !== WITHOUT_GIL) this.#instant(track, 'incomplete', message);
      }
    }
  }

  #instant(track: number, name: string, reason: string): void {
    const out = this.#out;
    const packet = this.#open(0, SEQUENCE_FLAG.needsState);
    const event = this.#event(EVENT_TYPE.instant, track);
    out.text(EVENT.category, CATEGORY.name);
    out.text(EVENT.name, name);
    this.#annotate('reason', reason);
    out.close(event);
    this.#close(packet);
  }

  #annotate(name: string, text: string): void {
    const annotation = this.#out.open(EVENT.annotations);
    this.#out.text(ANNOTATION.name, name);
    this.#out.text(ANNOTATION.text, text);
    this.#out.close(annotation);
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
    const { state, lane, links, lock } = segment;
    const out = this.#out;
    const thread = this.#data.profile.threads[lane];
    const isFree = thread !== undefined && this.#withoutGil.has(idOfItsProcess(thread));
    const isUnknown = isFree && state === 'off';
    const begin = (): void => {
      out.uint(EVENT.categoryIds, (state === 'lock' ? OF_LOCKS : CATEGORY).id);
      out.uint(EVENT.nameId, isUnknown ? UNKNOWN.id : nameIdOf(state));
      if (lock !== undefined) this.#annotate('lock', this.#data.locks.titleOf(lock));
      if (state === 'waiting') for (const link of links) out.fixed64(EVENT.flowIds, link);
    };
    // At its end: an arrow goes forward in time, and the wait began while the hold went on.
    const arrows = state === 'holding' ? links : [];
    this.#slice(track, segment, begin, arrows);
  }

  /** `begin` writes what the event of its begin has beside its place. */
  #slice(
    track: number,
    { startNs, endNs, stack }: Pick<LaneSegment, 'startNs' | 'endNs' | 'stack'>,
    begin: () => void,
    arrowsIn: readonly number[] = [],
  ): void {
    const out = this.#out;
    const frame = frameOf(this.#data.stacks, stack);
    const beginning = this.#open(startNs, SEQUENCE_FLAG.needsState);
    if (frame > 0) this.#intern(frame);
    const event = this.#event(EVENT_TYPE.begin, track);
    begin();
    if (frame > 0) out.uint(EVENT.sourceLocationId, frame);
    out.close(event);
    this.#close(beginning);
    const end = this.#open(endNs, SEQUENCE_FLAG.needsState);
    const ending = this.#event(EVENT_TYPE.end, track);
    for (const link of arrowsIn) out.fixed64(EVENT.terminatingFlowIds, link);
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

function gilOf({ threads }: Profile, row: number): string {
  return threads[row]?.gil ?? '';
}

function nameIdOf(state: LaneState): number {
  return LANE_STATES.indexOf(state) + 1;
}

function frameOf(stacks: ExportStacks, stack: number): number {
  return stacks.frameOf(stacks.known(stack));
}
