import { type SourceLines, statementAt } from './lock-name';

/** How an import came from a statement to the lock of a module. */
export interface ImportPath {
  /** Parents that were gone up to: 1 for `a` of `import a.b`. */
  readonly parents: number;
  /** `from a import b` found that b is a module of its own. */
  readonly ofList: boolean;
}

const IMPORT = /^\s*import\s+(.+)$/;
const FROM = /^\s*from\s+([.\p{L}_][\p{L}\p{N}_.]*)\s+import\s+\(?([^)]*)\)?/u;
const CALL = /\b(?:import_module|__import__)\(\s*['"]([\p{L}_][\p{L}\p{N}_.]*)['"]/u;

/**
 * The module that a statement imports: `a.b`; `a.{b, c}` where it may be any of several; null where the line names none.
 * @param line 1-based, of the statement.
 */
export function importedModuleOf(
  source: SourceLines,
  line: number,
  { parents, ofList }: ImportPath,
): string | null {
  const text = statementAt(source, line)?.text.replace(/#.*$/, '') ?? '';
  const [, from, list] = FROM.exec(text) ?? [];
  if (from !== undefined && list !== undefined) {
    if (!ofList) return parentOf(from, parents);
    const base = parentOf(from, parents);
    const children = parents === 0 ? oneOf(namesIn(list)) : null;
    return base === null || children === null ? base : joined(base, children);
  }
  const called = CALL.exec(text)?.[1];
  if (called !== undefined) return parentOf(called, parents);
  const names = namesIn(IMPORT.exec(text)?.[1] ?? '').map((name) => parentOf(name, parents));
  return oneOf([...new Set(names.filter((name) => name !== null))]);
}

/** `a as b, c` without the new names. */
function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((item) => item.trim().split(/\s/)[0] ?? '')
    .filter((name) => name !== '');
}

function parentOf(module: string, parents: number): string | null {
  const parts = module.split('.');
  return parents < parts.length ? parts.slice(0, parts.length - parents).join('.') : null;
}

function oneOf(names: readonly string[]): string | null {
  const [first] = names;
  if (first === undefined) return null;
  return names.length === 1 ? first : `{${names.join(', ')}}`;
}

function joined(base: string, child: string): string {
  return base.endsWith('.') ? `${base}${child}` : `${base}.${child}`;
}
