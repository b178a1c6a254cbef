import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const NATIVE = 'server/interpreter/native';
const SAID =
  /(?:probe_say\(|say_left_out\(|GILSCOPE_META_MESSAGE,|snprintf\(text, sizeof text,)\s*((?:"(?:[^"\\]|\\.)*"\s*)+)/g;

/** What the probe may say to the user, from its sources; `%s` stands for a name. */
export function probeMessages(): string[] {
  const sources = readdirSync(NATIVE).filter((name) => name.endsWith('.c'));
  const said = sources.flatMap((name) =>
    [...readFileSync(join(NATIVE, name), 'utf8').matchAll(SAID)].map(([, literals = '']) =>
      literals.replaceAll(/"\s*"/g, '').replaceAll(/^"|"\s*$/g, ''),
    ),
  );
  return said.filter((text) => text.endsWith('.'));
}
