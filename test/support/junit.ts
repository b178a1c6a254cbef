/** What a test case came to: `passed`, or as its report names it: `failure`, `error`, `skipped`, `UNEXPECTED_SUCCESS`. */
export type Outcome = string;

const NAMED: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

/**
 * The cases of a JUnit report, as CPython's regrtest and pytest write it, by id. One that is reported several times (in
 * a loop, or in parts) counts each time: `id`, `id #2`, ….
 */
export function parseJunit(xml: string): Map<string, Outcome> {
  const cases = new Map<string, Outcome>();
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [attributes, body] = [attributesOf(match[1] ?? ''), match[2] ?? ''];
    const name = [attributes.get('classname'), attributes.get('name')].filter(Boolean).join('.');
    cases.set(firstFree(cases, name), outcomeOf(attributes, body));
  }
  return cases;
}

function attributesOf(text: string): Map<string, string> {
  const pairs = [...text.matchAll(/([\w-]+)="([^"]*)"/g)];
  return new Map(pairs.map(([, name = '', value = '']) => [name, unescape(value)]));
}

function unescape(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|\w+);/gi, (whole, decimal, hex) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(String(hex), 16));
    return NAMED[whole] ?? whole;
  });
}

function firstFree(cases: ReadonlyMap<string, unknown>, id: string): string {
  if (!cases.has(id)) return id;
  let n = 2;
  while (cases.has(`${id} #${n}`)) n += 1;
  return `${id} #${n}`;
}

function outcomeOf(attributes: ReadonlyMap<string, string>, body: string): Outcome {
  const child = /<(error|failure|skipped)\b/.exec(body)?.[1];
  if (child !== undefined) return child;
  const result = attributes.get('result') ?? 'completed';
  return result === 'completed' ? 'passed' : result;
}
