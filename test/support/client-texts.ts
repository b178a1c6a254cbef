import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { CHART_STRINGS } from '../../extension/chart/strings';

const FOLDER = 'extension';
const TEXT = /\bl10n\.t\(\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")/g;

/** The sources of the client without the chart, by name. */
export function clientSources(): ReadonlyMap<string, string> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith('.ts'));
  return new Map(names.map((name) => [name, readFileSync(join(FOLDER, name), 'utf8')]));
}

/** Every text that the client and its chart show, in English. */
export function clientTexts(): ReadonlySet<string> {
  const texts = new Set<string>(Object.values(CHART_STRINGS));
  for (const source of clientSources().values()) {
    for (const [, single, double] of source.matchAll(TEXT)) {
      texts.add((single ?? double ?? '').replace(/\\(.)/g, '$1'));
    }
  }
  return texts;
}
