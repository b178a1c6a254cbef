/** What a `${name}` or `${name:argument}` stands for; undefined: it is not known. */
export type Lookup = (name: string, argument: string | null) => Promise<string | undefined>;

/** A variable of a configuration that nobody knows. */
export class UnknownVariableError extends Error {
  constructor(readonly variable: string) {
    super(`unknown variable ${variable}`);
  }
}

const VARIABLE = /\$\{([A-Za-z]+)(?::([^}]*))?\}/g;

/**
 * Puts values in place of the variables of a text, one after another, as VS Code does in launch.json and tasks.json.
 *
 * @throws UnknownVariableError
 */
export async function substitute(text: string, lookup: Lookup): Promise<string> {
  let result = '';
  let end = 0;
  for (const match of text.matchAll(VARIABLE)) {
    const [whole, name = '', argument] = match;
    const value = await lookup(name, argument ?? null);
    if (value === undefined) throw new UnknownVariableError(whole);
    result += text.slice(end, match.index) + value;
    end = match.index + whole.length;
  }
  return result + text.slice(end);
}
