/** Red, green, blue, 0 … 255. */
export type Rgb = readonly [number, number, number];

/** A pixel of ImageData on a little-endian machine, opaque. */
export function packRgb([red, green, blue]: Rgb): number {
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** `amount` of `over` on `base`. */
export function mix(base: Rgb, over: Rgb, amount: number): Rgb {
  const channel = (index: 0 | 1 | 2): number =>
    Math.round(base[index] + (over[index] - base[index]) * amount);
  return [channel(0), channel(1), channel(2)];
}

export function css([red, green, blue]: Rgb, alpha = 1): string {
  return `rgba(${red}, ${green}, ${blue}, ${alpha})`;
}
