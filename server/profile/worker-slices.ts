import type { Sliced } from './stretches';

/** So long a tile may have to wait behind a long computation. */
const SLICE_MS = 4;

/** Runs a computation between whatever else there is to do; null: it was stale before its end. */
export async function inSlices<T>(sliced: Sliced<T>, isStale: () => boolean): Promise<T | null> {
  for (let until = performance.now() + SLICE_MS; ;) {
    const { done, value } = sliced.next();
    if (done === true) return value;
    if (performance.now() < until) continue;
    await new Promise(setImmediate);
    if (isStale()) return null;
    until = performance.now() + SLICE_MS;
  }
}
