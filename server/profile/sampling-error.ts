/** From here on a time is off by 10 % at most, a share by 5 %, by standard error; fewer are few. */
export const ENOUGH_SAMPLES = 100;

/** Standard error of a time that rests on so many samples, as a share of it; null: none. */
export function samplingError(samples: number): number | null {
  return samples > 0 ? 1 / Math.sqrt(samples) : null;
}
