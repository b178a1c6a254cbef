import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { css, mix, packRgb } from '../../../extension/chart/colour';
import {
  formatDuration,
  formatMoment,
  formatPlace,
  formatShare,
} from '../../../extension/chart/format';
import { CHART_STRINGS, translator } from '../../../extension/chart/strings';

describe('texts of the chart', () => {
  it('give durations three digits and the unit that fits', () => {
    const texts = new Map([
      [0, '0'],
      [7, '7 ns'],
      [999, '999 ns'],
      [1240, '1.24 µs'],
      [999_600, '1 ms'],
      [310_000_000, '310 ms'],
      [1_240_000_000, '1.24 s'],
      [2_100_000_000, '2.1 s'],
      [83_200_000_000, '83.2 s'],
      [999_900_000_000, '17 min'],
      [7_500_000_000_000, '2 h 5 min'],
    ]);
    for (const [ns, text] of texts) assert.equal(formatDuration(ns), text);
  });

  it('tell moments apart that are a microsecond apart', () => {
    assert.equal(formatMoment(0), '0.000000 s');
    assert.equal(formatMoment(1_620_345_400), '1.620345 s');
    assert.equal(formatMoment(3_723_000_001_000), '3723.000001 s');
  });

  it('do not round a share to nothing or to all', () => {
    assert.equal(formatShare(0, 10), '0 %');
    assert.equal(formatShare(1, 1000), '<1 %');
    assert.equal(formatShare(9996, 10_000), '>99 %');
    assert.equal(formatShare(10, 10), '100 %');
    assert.equal(formatShare(0, 0), '0 %');
  });

  it('name a place by file and line, as far as they are known', () => {
    assert.equal(formatPlace({ file: '/home/ada/main.py', line: 3 }), 'main.py:3');
    assert.equal(formatPlace({ file: 'C:\\work\\main.py', line: 3 }), 'main.py:3');
    assert.equal(formatPlace({ file: '<string>', line: 0 }), '<string>');
  });

  it('are replaced by the host, keep their values, and fall back to English', () => {
    const t = translator({ 'summary.threads': '{0} 个线程' });
    assert.equal(t('summary.threads', 4), '4 个线程');
    assert.equal(t('tab.lines'), CHART_STRINGS['tab.lines']);
    assert.equal(
      t('banner.lost', '{1}', 2, ''),
      '{1} events and 2 samples are missing from this picture. ',
    );
  });
});

describe('colours', () => {
  it('are packed as ImageData has them', () => {
    const bytes = new Uint8Array(Uint32Array.of(packRgb([1, 2, 3])).buffer);
    assert.deepEqual([...bytes], [1, 2, 3, 255]);
  });

  it('mix by parts and keep to their ends', () => {
    assert.deepEqual(mix([0, 100, 200], [100, 200, 0], 0.5), [50, 150, 100]);
    assert.deepEqual(mix([0, 100, 200], [100, 200, 0], 0), [0, 100, 200]);
    assert.equal(css([1, 2, 3], 0.5), 'rgba(1, 2, 3, 0.5)');
  });

  it('of the states stand out from the ground of every theme, 3:1 at least', () => {
    const themes = readFileSync('extension/chart/theme.css', 'utf8').split('@media')[0] ?? '';
    const blocks = [...themes.matchAll(/^body[^{]*\{[^}]*\}/gm)].map(([block]) => block);
    assert.equal(blocks.length, 4);
    for (const block of blocks) {
      const colour = (name: string): string =>
        new RegExp(`--gs-${name}: var\\([^#]*(#[0-9a-f]{6})`).exec(block)?.[1] ?? '';
      for (const state of ['hold', 'wait', 'lock', 'off']) {
        const ratio = contrast(colour(state), colour('background'));
        assert.ok(ratio >= 3, `${state} ${colour(state)} has ${ratio} in ${block.slice(0, 40)}`);
      }
    }
  });
});

/** As WCAG defines it. */
function contrast(a: string, b: string): number {
  const [dark = 0, light = 0] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
