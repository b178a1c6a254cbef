/**
 * Variables of a `.env` file: `NAME=value`, `export NAME=value`, values in single or double quotes, comments and empty
 * lines. Lines that are none of these are left out, as the Python extension does.
 */
export function parseEnvFile(text: string): Record<string, string> {
  const entries: [string, string][] = [];
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line);
    const [, name, raw] = match ?? [];
    if (name === undefined || raw === undefined) continue;
    entries.push([name, valueOf(raw)]);
  }
  return Object.fromEntries(entries);
}

function valueOf(raw: string): string {
  const single = /^'([^']*)'/.exec(raw);
  if (single) return single[1] ?? '';
  const double = /^"((?:[^"\\]|\\.)*)"/.exec(raw);
  if (double) return (double[1] ?? '').replace(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c));
  return raw.replace(/\s+#.*$/, '');
}
