import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

type Theme = 'dark' | 'light' | 'highContrast' | 'highContrastLight';
type Rgb = readonly [number, number, number];

interface Colour {
  readonly id: string;
  readonly defaults: Readonly<Record<Theme, string>>;
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  readonly contributes: { readonly colors: readonly Colour[] };
};
/** The editor of VS Code's default themes, and what most of a line of Python is written in: names and keywords. */
const EDITORS: Readonly<Record<Theme, { readonly ground: string; readonly code: string[] }>> = {
  dark: { ground: '#1f1f1f', code: ['#cccccc', '#569cd6', '#c586c0'] },
  light: { ground: '#ffffff', code: ['#3b3b3b', '#0000ff', '#af00db'] },
  highContrast: { ground: '#000000', code: ['#ffffff', '#569cd6', '#c586c0'] },
  highContrastLight: { ground: '#ffffff', code: ['#292929', '#0f4a85', '#b5200d'] },
};
const THEMES = Object.keys(EDITORS) as Theme[];

const channels = (hex: string): Rgb => {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return [r, g, b];
};

function over(colour: string, ground: string): Rgb {
  const alpha = colour.length > 7 ? parseInt(colour.slice(7, 9), 16) / 255 : 1;
  const [top, below] = [channels(colour), channels(ground)];
  const mixed = (at: 0 | 1 | 2): number => top[at] * alpha + below[at] * (1 - alpha);
  return [mixed(0), mixed(1), mixed(2)];
}

/** As WCAG 2 defines it. */
function contrast(one: Rgb, two: Rgb): number {
  const luminance = (rgb: Rgb): number => {
    const linear = (at: 0 | 1 | 2): number => {
      const value = rgb[at] / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    };
    return 0.2126 * linear(0) + 0.7152 * linear(1) + 0.0722 * linear(2);
  };
  const [a, b] = [luminance(one), luminance(two)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

function given(name: string, theme: Theme): string {
  const colour = contributes.colors.find(({ id }) => id === `gilscope.${name}`);
  assert.ok(colour, name);
  return colour.defaults[theme];
}

for (const theme of THEMES) {
  const { ground, code } = EDITORS[theme];
  const heats = [1, 2, 3, 4].map((level) => over(given(`heat${level}`, theme), ground));

  describe(`colours in the theme ${theme}`, () => {
    it('let texts behind lines be read on every heat', () => {
      const text = over(given('inlineForeground', theme), ground);
      for (const heat of heats) assert.ok(contrast(text, heat) >= 4.5, `${contrast(text, heat)}`);
      const stale = over(given('inlineStaleForeground', theme), ground);
      assert.ok(contrast(stale, channels(ground)) >= 4.5);
      assert.notDeepEqual(stale, text);
    });

    it('leave code its contrast: three quarters of it on the greatest heat, and at least 4:1', () => {
      for (const colour of code) {
        const [plain, hot] = [channels(ground), heats[3] ?? [0, 0, 0]].map((behind) =>
          contrast(channels(colour), behind),
        );
        assert.ok((hot ?? 0) >= 4, `${colour}: ${hot}`);
        // In high contrast there is more to lose.
        const least = theme.startsWith('high') ? 0.6 : 0.74;
        assert.ok((hot ?? 0) >= (plain ?? 0) * least, `${colour}: ${plain} → ${hot}`);
      }
    });

    it('have heat that grows, and can be seen', () => {
      const seen = heats.map((heat) => contrast(heat, channels(ground)));
      assert.deepEqual(
        seen,
        seen.toSorted((a, b) => a - b),
      );
      assert.ok((seen[0] ?? 0) > 1.05 && (seen[3] ?? 0) > 1.25, seen.join(', '));
    });

    it('have states that stand out from the page: 3:1, as of graphics', () => {
      for (const state of ['holding', 'waiting', 'lock', 'off', 'native', 'blocks']) {
        const ratio = contrast(channels(given(state, theme)), channels(ground));
        assert.ok(ratio >= 3, `${state}: ${ratio}`);
      }
    });
  });
}
