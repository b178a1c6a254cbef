const unitNs: Readonly<Record<string, number>> = { s: 1e9, ms: 1e6, µs: 1e3, ns: 1 };

/** Reads `hold 1.24 s · wait 310 ms` back into nanoseconds by word, as a user would. */
export function readInlineText(text: string): ReadonlyMap<string, number> {
  const costs = new Map<string, number>();
  for (const part of text.split('·')) {
    const match = /((?:lock )?(?:hold|wait|blocks))\s+([\d.,]+)\s*(s|ms|µs|ns)\b/.exec(part);
    if (match === null) continue;
    const [, word = '', amount = '', unit = ''] = match;
    costs.set(word, Number(amount.replace(',', '')) * (unitNs[unit] ?? Number.NaN));
  }
  return costs;
}
