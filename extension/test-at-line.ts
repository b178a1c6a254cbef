const HEADER = /^(\s*)(class|def|async\s+def)\s+(\w+)/;
/** Says nothing of the indentation around it. */
const BLANK = /^\s*(#.*)?$/;
const DECORATOR = /^\s*@/;

interface Header {
  readonly isClass: boolean;
  readonly name: string;
}

/**
 * The test that contains a line, as pytest names it after the file: `['TestQueue', 'test_put']`; a class where the line
 * is in none of its tests. Null: the line is in no test.
 *
 * @param line 0-based
 */
export function testAtLine(lines: readonly string[], line: number): readonly string[] | null {
  const around: Header[] = [];
  let limit = Infinity;
  for (let at = startOf(lines, line); at >= 0 && limit > 0; at--) {
    const text = lines[at] ?? '';
    if (BLANK.test(text)) continue;
    const indent = text.length - text.trimStart().length;
    const [, , keyword, name] = HEADER.exec(text) ?? [];
    const isInside = indent < limit;
    limit = Math.min(limit, indent);
    if (isInside && name !== undefined) around.unshift({ isClass: keyword === 'class', name });
  }
  return testOf(around);
}

/** From a decorator on to what it decorates. */
function startOf(lines: readonly string[], line: number): number {
  let at = Math.min(line, lines.length - 1);
  while (at < lines.length - 1 && DECORATOR.test(lines[at] ?? '')) at++;
  return at;
}

/** Functions inside a test belong to it; classes count only around it. */
function testOf(around: readonly Header[]): readonly string[] | null {
  const first = around.findIndex(({ isClass }) => !isClass);
  const classes = (first < 0 ? around : around.slice(0, first)).map(({ name }) => name);
  const test = around[first]?.name;
  if (test?.startsWith('test')) return [...classes, test];
  return classes[0]?.startsWith('Test') ? classes : null;
}
