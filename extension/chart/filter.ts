import type { ProcessRow } from '../../server/protocol';
import type { Lane } from '../../server/protocol-chart';
import { processRow, programOf } from './programs';

/** What the filter asks for; words of one kind are alternatives, kinds are all needed. */
export interface Filter {
  /** In a thread's name, its tid, or its process. */
  readonly words: readonly string[];
  readonly threads: readonly string[];
  readonly processes: readonly string[];
  readonly files: readonly string[];
  readonly locks: readonly string[];
}

const KINDS: Readonly<Record<string, Exclude<keyof Filter, 'words'>>> = {
  thread: 'threads',
  process: 'processes',
  file: 'files',
  lock: 'locks',
};
/** `thread:worker`, `file:"a b.py"`, or a plain word. */
const TOKEN = /(?:([a-z]+):)?(?:"([^"]*)"|(\S+))/gi;

/** Reads what was typed: `thread:`, `process:`, `file:`, `lock:` and plain words. */
export function parseFilter(text: string): Filter {
  const filter = {
    words: [] as string[],
    threads: [] as string[],
    processes: [] as string[],
    files: [] as string[],
    locks: [] as string[],
  };
  for (const [whole, prefix = '', quoted, plain] of text.matchAll(TOKEN)) {
    const kind = KINDS[prefix.toLowerCase()];
    const value = (quoted ?? plain ?? '').toLowerCase();
    // A kind without a word is still being typed.
    if (whole.endsWith(':') && whole.slice(0, -1).toLowerCase() in KINDS) continue;
    if (kind === undefined) filter.words.push(whole.toLowerCase().replaceAll('"', ''));
    else if (value !== '') filter[kind].push(value);
  }
  return filter;
}

export function isEmpty(filter: Filter): boolean {
  return Object.values(filter).every((values: readonly string[]) => values.length === 0);
}

/** The lanes that threads, processes and plain words leave; null: all. Files and locks are the server's to know. */
export function lanesByName(
  filter: Filter,
  lanes: readonly Lane[],
  processes: readonly ProcessRow[],
): readonly number[] | null {
  const { words, threads, processes: wanted } = filter;
  if (words.length + threads.length + wanted.length === 0) return null;
  const commands = new Map(
    [...new Set(lanes.map(programOf))].map((program) => {
      const argv = processRow(program, processes)?.argv ?? [];
      return [program, argv.join(' ').toLowerCase()];
    }),
  );
  return lanes.flatMap((lane, index) => {
    const thread = `${lane.name} ${lane.tid}`.toLowerCase();
    const process = `${lane.pid} ${commands.get(programOf(lane)) ?? ''}`;
    const matches =
      words.every((word) => thread.includes(word) || process.includes(word)) &&
      hasAny(thread, threads) &&
      hasAny(process, wanted);
    return matches ? [index] : [];
  });
}

/** Whether a line's file is wanted. */
export function isFileWanted({ files }: Filter, file: string): boolean {
  return hasAny(file.toLowerCase(), files);
}

/** The lanes in both; null: all. */
export function both(
  a: readonly number[] | null,
  b: readonly number[] | null,
): readonly number[] | null {
  if (a === null || b === null) return a ?? b;
  const known = new Set(b);
  return a.filter((lane) => known.has(lane));
}

function hasAny(text: string, parts: readonly string[]): boolean {
  return parts.length === 0 || parts.some((part) => text.includes(part));
}
