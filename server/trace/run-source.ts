import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemReason, TraceError } from './trace-error';
import { TraceFile, type TraceSource } from './trace-source';

/** What the launcher says about the run, `run.json`. */
export interface RunManifest {
  readonly command: readonly string[];
  /** ISO 8601, '' if not known. */
  readonly startedAt: string;
  /** Null while the program runs, or where its end was not seen. */
  readonly exit: { readonly code: number | null; readonly signal: string | null } | null;
  /** Processes that went on when the program had ended; absent: not known. */
  readonly running?: readonly number[];
  /** Children that could not be recorded, a sentence for each. */
  readonly unrecorded?: readonly string[];
  /** By pid, the strongest signal that was sent to end the run on request; absent: nobody asked. */
  readonly stopped?: Readonly<Record<string, string>>;
  /** Per source file, hashes of its lines as they were; whoever writes them knows their form. */
  readonly sources?: Readonly<Record<string, string>>;
}

export const RUN_FORMAT = 'gilscope-run';
export const RUN_VERSION = 1;
export const RUN_FILE = 'run.json';
const EMPTY_MANIFEST: RunManifest = { command: [], startedAt: '', exit: null };

/** The traces of a run, from wherever they are. */
export interface RunSource {
  /** The file or folder, for messages. */
  readonly path: string;
  /** Traces that were not there at the last call, sorted by name. @throws TraceError */
  newTraces(): TraceSource[];
  /** @throws TraceError */
  manifest(): RunManifest;
  close(): void;
}

/** A run folder, in which traces may still appear. */
export class RunFolder implements RunSource {
  private readonly known = new Set<string>();

  constructor(readonly path: string) {}

  newTraces(): TraceSource[] {
    let names: string[];
    try {
      names = readdirSync(this.path);
    } catch (error) {
      const what = `the run folder cannot be read: ${systemReason(error)}`;
      throw new TraceError(this.path, what, 'Run the program again.');
    }
    const fresh = names.filter((name) => name.endsWith('.trace') && !this.known.has(name)).sort();
    for (const name of fresh) this.known.add(name);
    return fresh.map((name) => new TraceFile(join(this.path, name)));
  }

  manifest(): RunManifest {
    const path = join(this.path, RUN_FILE);
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch {
      // Without the launcher's word the traces still tell the rest.
      return EMPTY_MANIFEST;
    }
    return parseManifest(text, path);
  }

  close(): void {
    this.known.clear();
  }
}

/** One trace on its own. */
export class SingleTrace implements RunSource {
  private given = false;

  constructor(readonly path: string) {}

  newTraces(): TraceSource[] {
    const fresh = this.given ? [] : [new TraceFile(this.path)];
    this.given = true;
    return fresh;
  }

  manifest(): RunManifest {
    return EMPTY_MANIFEST;
  }

  close(): void {
    this.given = true;
  }
}

/**
 * Reads a manifest; what is not there, or not of its type, is left empty: it is only for the title.
 *
 * @throws TraceError if it is not JSON of this format and version
 */
export function parseManifest(text: string, path: string): RunManifest {
  const wrong = (what: string): TraceError =>
    new TraceError(path, what, 'Open another profile, or record the run again.');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong('the description of the run is damaged (not JSON)');
  }
  if (!isRecord(value) || value['format'] !== RUN_FORMAT) throw wrong('it does not describe a run');
  if (value['version'] !== RUN_VERSION)
    throw wrong(`it describes a run in version ${String(value['version'])}, not ${RUN_VERSION}`);
  const { command, startedAt, exit, running, unrecorded, stopped, sources } = value;
  return {
    ...(Array.isArray(running) ? { running: running.filter(isNumber) } : {}),
    ...(Array.isArray(unrecorded) ? { unrecorded: unrecorded.filter(isText) } : {}),
    ...(isRecord(stopped) ? { stopped: textsOf(stopped) } : {}),
    ...(isRecord(sources) ? { sources: textsOf(sources) } : {}),
    command: Array.isArray(command) ? command.filter(isText) : [],
    startedAt: isText(startedAt) ? startedAt : '',
    exit: isRecord(exit)
      ? {
          code: isNumber(exit['code']) ? exit['code'] : null,
          signal: isText(exit['signal']) ? exit['signal'] : null,
        }
      : null,
  };
}

function textsOf(record: Readonly<Record<string, unknown>>): Record<string, string> {
  const texts = Object.entries(record).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(texts);
}

const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => Number.isFinite(value);

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
