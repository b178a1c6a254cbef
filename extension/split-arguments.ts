/** An argument line that cannot be split: a quote is not closed. */
export class UnclosedQuoteError extends Error {
  constructor(readonly quote: string) {
    super(`unclosed ${quote}`);
  }
}

/**
 * Splits what a user typed into arguments, as a POSIX shell would split words and quotes; nothing else of a shell is
 * known, so `$`, `*` and `|` stay as they are.
 *
 * @throws UnclosedQuoteError
 */
export function splitArguments(line: string): string[] {
  const args: string[] = [];
  let current: string | null = null;
  let quote: string | null = null;
  for (let i = 0; i < line.length; i++) {
    const c = line.charAt(i);
    const next = line.charAt(i + 1);
    if (quote !== null) {
      if (c === quote) quote = null;
      else if (c === '\\' && quote === '"' && (next === '"' || next === '\\')) {
        current = (current ?? '') + next;
        i++;
      } else current = (current ?? '') + c;
    } else if (c === '"' || c === "'") {
      quote = c;
      current ??= '';
    } else if (c === '\\' && next !== '') {
      current = (current ?? '') + next;
      i++;
    } else if (/\s/.test(c)) {
      if (current !== null) args.push(current);
      current = null;
    } else current = (current ?? '') + c;
  }
  if (quote !== null) throw new UnclosedQuoteError(quote);
  if (current !== null) args.push(current);
  return args;
}

/** The line that {@link splitArguments} splits into these arguments; also a POSIX shell would. */
export function joinArguments(args: readonly string[]): string {
  return args
    .map((arg) => (/^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
