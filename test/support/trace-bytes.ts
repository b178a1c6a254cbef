/** How {@link TraceWriter} puts values and streams into a trace. */
import { CHUNK_KIND } from '../../server/trace/format';
import type { StreamName } from './trace-rows';

/** Kind and owner of a stream's chunks. */
export function chunksOf(name: StreamName): { readonly kind: number; readonly owner: number } {
  if (typeof name === 'number') return { kind: CHUNK_KIND.gil, owner: name };
  if (name === 'sampler') return { kind: CHUNK_KIND.sampler, owner: 0 };
  if (name === 'laneStacks') return { kind: CHUNK_KIND.laneStacks, owner: 0 };
  return { kind: CHUNK_KIND.lane, owner: Number(name.slice('lane '.length)) };
}

/** Little-endian. */
export function push(bytes: number[], value: bigint, count: number): void {
  for (let i = 0; i < count; i++) bytes.push(Number((value >> BigInt(8 * i)) & 255n));
}

/** 0, 1, 2, 3: one, two, four, eight bytes. */
export function sizeOf(value: bigint): number {
  if (value < 1n << 8n) return 0;
  if (value < 1n << 16n) return 1;
  return value < 1n << 32n ? 2 : 3;
}

export function characters(text: string): { width: number; count: number; bytes: number[] } {
  const points = Array.from(text, (character) => character.codePointAt(0) ?? 0);
  const largest = Math.max(0, ...points);
  const width = largest < 256 ? 1 : largest < 65536 ? 2 : 4;
  const bytes: number[] = [];
  for (const point of points) push(bytes, BigInt(point), width);
  return { width, count: points.length, bytes };
}
