import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { paintArea } from '../../../extension/chart/curves-view';

const [LINE, GROUND] = [7, 3];
const HEIGHT = 18;

/** Of each column, from the bottom up. */
function columnsOf(pixels: Uint32Array, width: number): number[][] {
  return Array.from({ length: width }, (_, x) =>
    Array.from({ length: HEIGHT }, (__, y) => pixels[(HEIGHT - 1 - y) * width + x] ?? -1),
  );
}

describe('a curve above the lanes', () => {
  const share = fc.integer({ min: 0, max: 100 }).map((percent) => percent / 100);

  it('is as high in each pixel as the highest of its bins, under a line without a gap', () => {
    fc.assert(
      fc.property(
        fc.array(share, { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 40 }),
        (values, width) => {
          const bins = new Int32Array(width * 2);
          for (let x = 0; x < width; x++) {
            bins[x * 2] = Math.floor((x / width) * values.length);
            bins[x * 2 + 1] = Math.max(
              bins[x * 2] ?? 0,
              Math.ceil(((x + 1) / width) * values.length) - 1,
            );
          }
          const pixels = new Uint32Array(width * HEIGHT);
          const box = { bottom: HEIGHT - 1, room: 16, thick: 1, line: LINE, ground: GROUND };
          paintArea({ pixels, width, height: HEIGHT }, bins, (bin) => values[bin] ?? NaN, box);
          let before = -1;
          for (const [x, column] of columnsOf(pixels, width).entries()) {
            const peak = Math.max(...values.slice(bins[x * 2], (bins[x * 2 + 1] ?? 0) + 1));
            const level = Math.round(peak * 15);
            const from = before < 0 ? level : Math.min(level, before);
            const to = before < 0 ? level : Math.max(level, before);
            for (const [y, pixel] of column.entries()) {
              const wanted = y > to ? 0 : y >= from ? LINE : GROUND;
              assert.equal(pixel, wanted, `column ${x}, ${y} from the bottom`);
            }
            before = level;
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it('leaves pixels alone that it knows nothing of', () => {
    const pixels = new Uint32Array(3 * HEIGHT);
    const box = { bottom: HEIGHT - 1, room: 16, thick: 1, line: LINE, ground: GROUND };
    paintArea(
      { pixels, width: 3, height: HEIGHT },
      Int32Array.of(-1, -1, 0, 0, -1, -1),
      () => 1,
      box,
    );
    const [one, two, three] = columnsOf(pixels, 3);
    assert.ok([one, three].every((column) => column?.every((pixel) => pixel === 0)));
    assert.equal(two?.filter((pixel) => pixel !== 0).length, 16);
  });
});
