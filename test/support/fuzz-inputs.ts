/** The damaged runs, by number: the same seed and number give the same. */
import { writeFileSync } from 'node:fs';
import { openRunSource } from '../../server/trace/run-reader';
import type { RunSource } from '../../server/trace/run-source';
import { cutFile, damageFile, damageParts } from './fuzz-containers';
import type { Seed } from './fuzz-seeds';
import { TELLING, TRACE_DAMAGE } from './fuzz-traces';
import { judge, soundNumbers, type Depth, type Outcome } from './fuzz-verdict';
import { MemoryRun } from './memory-run';
import { SeededRandom } from './seeded-random';

type ContainerDamage = (random: SeededRandom, bytes: Buffer) => Buffer;
const CONTAINER_DAMAGE: Readonly<Record<string, ContainerDamage>> = {
  'profile file: bytes': damageFile,
  'profile file: cuts': cutFile,
  'profile file: parts, with right sums': damageParts,
};
/** Damage of two kinds, while the program seems to run: what was read first is not what is there later. */
const GROWING = 'changes between reads';
export const FUZZ_KINDS: readonly string[] = [
  ...Object.keys(TRACE_DAMAGE),
  GROWING,
  ...Object.keys(CONTAINER_DAMAGE),
];
/** Of so many inputs one goes on to the profile and its report … */
export const PROFILE_ONE_IN = 64;
/** … and one to chart and exports: these take ten and a hundred times as long as reading the events. */
export const EVERYTHING_ONE_IN = 2048;

export interface FuzzInput {
  readonly kind: string;
  readonly seed: string;
  /** The bytes that are read: traces, or one profile file. */
  readonly bytes: readonly Buffer[];
  readonly judge: () => Outcome;
}

function depthOf(random: SeededRandom): Depth {
  const chance = random.below(EVERYTHING_ONE_IN);
  if (chance === 0) return 'everything';
  return chance % PROFILE_ONE_IN === 0 ? 'profile' : 'events';
}

/** Makes inputs of these seeds. */
export class FuzzInputs {
  readonly #sound = new Map<string, string>();
  /** Copies of what is damaged: making room for each anew would take as long as reading it. */
  readonly #room: Buffer[] = [];

  /** @param file where a damaged profile file is put */
  constructor(
    private readonly seeds: readonly Seed[],
    readonly randomSeed: number,
    private readonly file: string,
  ) {}

  /** Its bytes are valid until the next call. */
  input(index: number): FuzzInput {
    const random = new SeededRandom(Math.imul(this.randomSeed, 0x85ebca6b) + index);
    const kind = FUZZ_KINDS[index % FUZZ_KINDS.length] ?? GROWING;
    const seed = random.pick(this.seeds);
    const depth = depthOf(random);
    const inContainer = CONTAINER_DAMAGE[kind];
    return inContainer === undefined
      ? this.#trace(random, kind, seed, depth)
      : this.#container(inContainer(random, this.#copy(0, seed.container)), kind, seed, depth);
  }

  #trace(random: SeededRandom, kind: string, seed: Seed, depth: Depth): FuzzInput {
    const hit = random.below(seed.traces.length);
    const whole = seed.traces[hit] ?? Buffer.alloc(0);
    const damaged = (name: string, slot: number): Buffer =>
      TRACE_DAMAGE[name]?.(random, this.#copy(slot, whole), this.seeds) ?? whole;
    const only = (bytes: Buffer): Buffer[] =>
      seed.traces.map((trace, at) => (at === hit ? bytes : trace));
    const first = damaged(kind === GROWING ? random.pick(Object.keys(TRACE_DAMAGE)) : kind, 0);
    const later = kind === GROWING ? damaged(random.pick(Object.keys(TRACE_DAMAGE)), 1) : first;
    const live = kind === GROWING || random.below(4) === 0;
    return {
      kind,
      seed: seed.name,
      bytes: only(later),
      judge: () => {
        const run = new MemoryRun(only(first));
        if (kind === GROWING) run.replaceAfterFirstRead(only(later));
        const sound = TELLING.includes(kind) && !live ? this.#soundOf(seed) : null;
        return judge(() => run, { live, depth, sound });
      },
    };
  }

  #container(bytes: Buffer, kind: string, seed: Seed, depth: Depth): FuzzInput {
    return {
      kind,
      seed: seed.name,
      bytes: [bytes],
      judge: () => {
        writeFileSync(this.file, bytes);
        const open = (): RunSource => openRunSource(this.file);
        const sound = kind.endsWith('sums') ? null : this.#soundOf(seed);
        return judge(open, { live: false, depth, sound });
      },
    };
  }

  #copy(slot: number, bytes: Buffer): Buffer {
    let room = this.#room[slot];
    if (room === undefined || room.length < bytes.length) room = Buffer.alloc(2 * bytes.length);
    this.#room[slot] = room;
    bytes.copy(room);
    return room.subarray(0, bytes.length);
  }

  #soundOf(seed: Seed): string {
    const known = this.#sound.get(seed.name) ?? soundNumbers(new MemoryRun(seed.traces));
    this.#sound.set(seed.name, known);
    return known;
  }
}
