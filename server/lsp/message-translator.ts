/**
 * English with places for values, and the same in another language: `{0}`; `{0?}` for a part of a sentence that may be
 * missing, with the comma or blank before it; `{0*}` for a value that may be empty.
 */
export type MessagePair = readonly [english: string, translated: string];

const PLACE = /\{(\d)([?*]?)\}/g;
/** Between the members of a list in a sentence. */
const LIST = /; (?:but )?/;

interface Pattern {
  readonly pattern: RegExp;
  /** Of each group of the pattern, which place it is. */
  readonly places: readonly string[];
  readonly translated: string;
}

/**
 * Translates sentences that other rooms made of texts and values; what no pair fits stays as it is.
 * @param parts May stand in the places of sentences and of each other.
 * @param separator Between the members of a list.
 */
export function messageTranslator(
  sentences: readonly MessagePair[],
  parts: readonly MessagePair[],
  separator: string,
): (words: string) => string {
  const whole = sentences.map((pair) => patternOf(pair, '.'));
  const nested = [...parts.map((pair) => patternOf(pair, '[^;]')), ...whole];
  const part = (value: string): string => {
    const found = translate(nested, value);
    if (found !== null || !LIST.test(value)) return found ?? value;
    return value.split(LIST).map(part).join(separator);
  };
  const translate = (patterns: readonly Pattern[], words: string): string | null => {
    for (const { pattern, places, translated } of patterns) {
      const found = pattern.exec(words);
      if (found === null) continue;
      const values = new Map(places.map((place, at) => [place, found[at + 1] ?? '']));
      return translated.replace(PLACE, (_, place: string) => part(values.get(place) ?? ''));
    }
    return null;
  };
  return (words) => translate(whole, words) ?? part(words);
}

const GROUPS = new Map([
  ['', (any: string) => `(${any}+?)`],
  ['?', (any: string) => `(|[, ]${any}+?)`],
  ['*', (any: string) => `(${any}*?)`],
]);

/** @param any What a value may consist of. */
function patternOf([english, translated]: MessagePair, any: string): Pattern {
  const places: string[] = [];
  let source = '';
  let from = 0;
  for (const found of english.matchAll(PLACE)) {
    source += escaped(english.slice(from, found.index)) + (GROUPS.get(found[2] ?? '')?.(any) ?? '');
    places.push(found[1] ?? '');
    from = found.index + found[0].length;
  }
  const pattern = new RegExp(`^${source}${escaped(english.slice(from))}$`, 's');
  return { pattern, places, translated };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
