import { mix, packRgb, type Rgb } from './colour';
import type { LaneColours } from './lane-painter';

/** Colours of the theme as the canvases need them: a canvas cannot use `var()`. */
export interface Palette {
  readonly lanes: LaneColours;
  readonly hold: Rgb;
  readonly wait: Rgb;
  readonly lock: Rgb;
  readonly off: Rgb;
  readonly background: Rgb;
  readonly foreground: Rgb;
  readonly dim: Rgb;
  readonly grid: Rgb;
  readonly focus: Rgb;
  readonly mark: Rgb;
  readonly selection: Rgb;
  readonly font: string;
}

/** Should the page's style sheet fail to say. */
const FALLBACK: Readonly<Record<string, Rgb>> = {
  '--gs-background': [31, 31, 31],
  '--gs-foreground': [204, 204, 204],
  '--gs-dim': [157, 157, 157],
  '--gs-hold': [74, 163, 255],
  '--gs-wait': [232, 89, 12],
  '--gs-lock': [255, 224, 102],
  '--gs-off': [118, 125, 136],
  '--gs-native': [63, 185, 80],
  '--gs-grid': [60, 60, 60],
  '--gs-focus': [0, 120, 212],
  '--gs-mark': [220, 220, 220],
  '--gs-selection': [55, 55, 61],
};

/** How far the lines of a hatch are from their colour towards the background. */
const HATCH = 0.35;

/** Reads the theme: each variable is painted once over the background, which also settles its translucency. */
export function readPalette(root: HTMLElement): Palette {
  const context = root.ownerDocument.createElement('canvas').getContext('2d', {
    willReadFrequently: true,
  });
  const style = getComputedStyle(root);
  const read = (name: string, under: Rgb): Rgb => {
    const value = style.getPropertyValue(name).trim();
    const fallback = FALLBACK[name] ?? under;
    if (context === null || value === '' || !CSS.supports('color', value)) return fallback;
    context.fillStyle = `rgb(${under.join(' ')})`;
    context.fillRect(0, 0, 1, 1);
    context.fillStyle = value;
    context.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = context.getImageData(0, 0, 1, 1).data;
    return [red, green, blue];
  };
  const background = read('--gs-background', [0, 0, 0]);
  const wait = read('--gs-wait', background);
  const lock = read('--gs-lock', background);
  const hold = read('--gs-hold', background);
  const off = read('--gs-off', background);
  const native = read('--gs-native', background);
  return {
    hold,
    wait,
    lock,
    off,
    background,
    foreground: read('--gs-foreground', background),
    dim: read('--gs-dim', background),
    grid: read('--gs-grid', background),
    focus: read('--gs-focus', background),
    mark: read('--gs-mark', background),
    selection: read('--gs-selection', background),
    font: style.fontFamily,
    lanes: {
      holding: packRgb(hold),
      waiting: packRgb(wait),
      waitingHatch: packRgb(mix(wait, background, HATCH)),
      lock: packRgb(lock),
      lockHatch: packRgb(mix(lock, background, HATCH)),
      off: packRgb(mix(background, off, 0.7)),
      native: packRgb(native),
      nativeStripe: packRgb(mix(native, background, HATCH)),
    },
  };
}

/** Calls back once for each change of theme: VS Code sets variables on `<html>` and the kind of theme on `<body>`. */
export function watchTheme(document: Document, changed: () => void): () => void {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['style'] });
  observer.observe(document.body, { attributes: true, attributeFilter: ['class'] });
  const queries = ['(forced-colors: active)', '(prefers-color-scheme: dark)'].map((query) =>
    matchMedia(query),
  );
  for (const query of queries) query.addEventListener('change', changed);
  return () => {
    observer.disconnect();
    for (const query of queries) query.removeEventListener('change', changed);
  };
}
