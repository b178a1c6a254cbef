import { shortName } from './python-library';
import { type PythonLines, scanPython } from './python-lines';

/** A source file as lock names need it. */
export interface SourceLines {
  readonly text: readonly string[];
  readonly logical: PythonLines['logicalLines'];
}

export function sourceLinesOf(source: string): SourceLines {
  const text = source.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/);
  return { text, logical: scanPython(source).logicalLines };
}

/** The target of an assignment, also of one with an annotation, and what is assigned. */
const ASSIGNED = /^\s*([\p{L}_][\p{L}\p{N}_.]*(?:\[[^\]]*\])?)\s*(?::[^=]+)?=(?!=)\s*(.*)$/u;
const MAKERS = [
  'BoundedSemaphore',
  'Barrier',
  'Condition',
  'Event',
  'LifoQueue',
  'PriorityQueue',
  'SimpleQueue',
  'Semaphore',
  'Queue',
  'RLock',
  'Lock',
  'allocate_lock',
] as const;
/** What is used as a lock: `with pool.lock:`, `queue.get()`. */
const TARGET = String.raw`[\p{L}_][\p{L}\p{N}_.]*(?:\[[^\]]*\])?`;
const WITH = new RegExp(String.raw`^\s*(?:async\s+)?with\s+(${TARGET})\s*(?:as\s+\w+\s*)?:`, 'u');
const CALLED = new RegExp(
  String.raw`(?<![\p{L}\p{N}_.\])])(${TARGET})\.(?:acquire|wait|wait_for|get|put|join|result)\s*\(`,
  'gu',
);
/** `lock=threading.Lock()` in a call. */
const KEYWORD = new RegExp(
  String.raw`[(,]\s*([\p{L}_][\p{L}\p{N}_]*)\s*=\s*(?:[\p{L}_][\p{L}\p{N}_]*\.)*(?:${MAKERS.join('|')})\s*\(`,
  'u',
);
/** `a, b = …` */
const SEVERAL = /^\s*\(?\s*[\p{L}_][\p{L}\p{N}_.]*\s*,[^=()]*\)?\s*=(?!=)/u;
const CLASS = /^class\s+([\p{L}_][\p{L}\p{N}_]*)/u;

/**
 * What a lock is called where it was made: `_lock`, `Pool._lock`, `locks[…]`; null where nothing names it.
 * @param line 1-based, of the call that made it.
 * @param functionName Of the code on that line, qualified or not.
 */
export function lockNameOf(source: SourceLines, line: number, functionName: string): string | null {
  const statement = statementAt(source, line);
  if (statement === null) return null;
  // One of several at once: which it is cannot be told from the line.
  if (SEVERAL.test(statement.text)) return null;
  const keyword = KEYWORD.exec(`(${source.text[line - 1] ?? ''}`)?.[1];
  const [, target, value] = ASSIGNED.exec(statement.text) ?? [];
  // Alone on its line, the first target of an assignment looks like a keyword.
  if (keyword !== undefined && keyword !== target) return keyword;
  if (target === undefined || value === undefined) return null;
  const many = /^(?:[[{]|\(.*\bfor\b|(?:dict|list|tuple)\()/.test(value) ? '[…]' : '';
  const name = target.replace(/\[[^\]]*\]$/, '[…]') + many;
  const inClass =
    isClassBody(functionName) && statement.indent > 0 && !/^(?:self|cls)\./.test(name);
  return inClass
    ? `${shortName(functionName)}.${name}`
    : qualified(source, line, functionName, name);
}

/**
 * What a lock is called where it is taken or waited for: `with pool.lock:`, `queue.get()`; null where the line uses
 * several things so, or none.
 */
export function usedNameOf(source: SourceLines, line: number, functionName: string): string | null {
  const text = statementAt(source, line)?.text ?? '';
  const found = WITH.exec(text)?.[1];
  const called = new Set(Array.from(text.matchAll(CALLED), (match) => match[1] ?? ''));
  const [only] = called.size === 1 ? called : [];
  const name = found ?? only;
  if (name === undefined || name === '') return null;
  return qualified(source, line, functionName, name.replace(/\[[^\]]*\]$/, '[…]'));
}

/** `self._lock` by the class that it is of. */
function qualified(source: SourceLines, line: number, functionName: string, name: string): string {
  const attribute = /^(?:self|cls)\.(.+)$/.exec(name)?.[1];
  if (attribute === undefined) return name;
  const owner = classOf(source, line, functionName);
  return owner === null ? attribute : `${owner}.${attribute}`;
}

/** The construct that a line makes, `Event`; null where it names none or several. */
export function makerOf(source: SourceLines, line: number): string | null {
  const text = statementAt(source, line)?.text ?? '';
  const found = MAKERS.filter((maker) => new RegExp(String.raw`\b${maker}\s*\(`).test(text));
  return found.length === 1 ? (found[0] ?? null) : null;
}

/** The class to which the function on a line belongs; before Python 3.11 only the source says so. */
export function classOf(
  source: SourceLines | null,
  line: number,
  functionName: string,
): string | null {
  const parts = functionName.split('.');
  const named = parts.at(-2);
  if (named !== undefined && !named.startsWith('<')) return named;
  return source === null ? null : classAround(source, line);
}

function classAround({ logical }: SourceLines, line: number): string | null {
  let at = logical.findLastIndex(({ firstLine }) => firstLine <= line);
  let indent = logical[at]?.indent ?? 0;
  for (at--; at >= 0 && indent > 0; at--) {
    const outer = logical[at];
    if (outer === undefined || outer.indent >= indent) continue;
    indent = outer.indent;
    const name = CLASS.exec(outer.text)?.[1];
    if (name !== undefined) return name;
  }
  return null;
}

/** The whole statement on a line, in one piece; null where there is none. */
export function statementAt(
  { text, logical }: SourceLines,
  line: number,
): { readonly text: string; readonly indent: number } | null {
  const found = logical.find(({ firstLine, lastLine }) => firstLine <= line && line <= lastLine);
  if (found === undefined) return null;
  const whole = text.slice(found.firstLine - 1, found.lastLine).join(' ');
  return { text: whole, indent: found.indent };
}

/** The code of a class body bears the name of the class. */
function isClassBody(functionName: string): boolean {
  return /^\p{Lu}/u.test(shortName(functionName));
}
