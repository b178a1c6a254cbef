import {
  EXPORT_COSTS,
  EXPORT_FORMATS,
  EXPORT_TABLES,
  type ExportCost,
  type ExportFormat,
  type ExportTable,
} from '../protocol-export';
import { type Condition, ConditionError, parseCondition } from '../profile/compare/conditions';
import { ToolFault } from './tool-fault';
import type { USAGE } from './usage';

export type Command =
  | RunCommand
  | ReportCommand
  | ExportCommand
  | CompareCommand
  | { readonly kind: 'serve' }
  | HelpCommand
  | { readonly kind: 'version' };

export interface HelpCommand {
  readonly kind: 'help';
  /** Of one command, or of all. */
  readonly topic: keyof typeof USAGE;
}

export interface RunCommand {
  readonly kind: 'run';
  readonly target:
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'module'; readonly module: string };
  readonly args: readonly string[];
  /** Empty: find one. */
  readonly python: string;
  /** Null: a new file in the current folder. */
  readonly out: string | null;
  readonly outputs: Outputs;
  readonly quiet: boolean;
  readonly children: boolean;
  readonly check: boolean;
}

export interface ReportCommand {
  readonly kind: 'report';
  readonly file: string;
  readonly outputs: Outputs;
}

export interface ExportCommand {
  readonly kind: 'export';
  readonly file: string;
  readonly format: ExportFormat;
  readonly out: string;
  readonly cost: ExportCost;
  readonly table: ExportTable;
}

export interface CompareCommand {
  readonly kind: 'compare';
  readonly before: string;
  readonly after: string;
  readonly conditions: readonly Condition[];
  /** `-`: standard output, instead of the text. */
  readonly json: string | null;
}

export interface Outputs {
  /** `-`: standard output. */
  readonly json: string | null;
  readonly html: string | null;
}

/**
 * Reads the arguments after `gilscope`.
 * @throws ToolFault
 */
export function parseCommand(args: readonly string[]): Command {
  const [name, ...rest] = args;
  switch (name) {
    case undefined:
      throw new ToolFault('No command. “gilscope run script.py” profiles a program; see --help.');
    case '--help':
    case '-h':
    case 'help':
      return { kind: 'help', topic: topicOf(rest[0]) ?? 'all' };
    case '--version':
    case '-V':
      return { kind: 'version' };
  }
  const topic = topicOf(name);
  if (topic === null) throw new ToolFault(`There is no command ${name}; see gilscope --help.`);
  return wantsHelp(topic, rest) ? { kind: 'help', topic } : PARSERS[topic](rest);
}

const PARSERS = {
  run: parseRun,
  report: parseReport,
  export: parseExport,
  compare: parseCompare,
  serve: parseServe,
};

function topicOf(name: string | undefined): keyof typeof PARSERS | null {
  const topics = ['run', 'report', 'export', 'compare', 'serve'] as const;
  return topics.find((topic) => topic === name) ?? null;
}

/** What stands after the program of a run is the program's. */
function wantsHelp(topic: string, args: readonly string[]): boolean {
  const own = topic === 'run' ? args.slice(0, 1) : args;
  return own.includes('--help') || own.includes('-h');
}

const RUN_VALUES = ['--python', '--out', '--json', '--html'];
const RUN_SWITCHES = ['--quiet', '--no-children', '--check'];

function parseRun(args: readonly string[]): RunCommand {
  const taken = takeOptions('run', args, RUN_VALUES, RUN_SWITCHES);
  const { rest, values, switches } = taken;
  const inFront = interpreterInFront(rest);
  const python = values.get('--python') ?? inFront ?? '';
  return {
    kind: 'run',
    ...parseTarget(inFront === null ? rest : wordsOfPython(inFront, rest.slice(1))),
    python,
    out: values.get('--out') ?? null,
    outputs: outputsOf(values),
    quiet: switches.has('--quiet'),
    children: !switches.has('--no-children'),
    check: switches.has('--check'),
  };
}

/** As in `gilscope run python3 script.py`, the habit of other profilers. */
function interpreterInFront(rest: readonly string[]): string | null {
  const [first] = rest;
  return first !== undefined && /(^|\/)python(\d+(\.\d+)?t?)?$/.test(first) ? first : null;
}

function wordsOfPython(python: string, words: readonly string[]): readonly string[] {
  const [first = ''] = words;
  if (!first.startsWith('-') || first === '-m') return words;
  throw new ToolFault(
    `Python's own options (${first}) are not taken: gilscope run --python ${python} script.py.`,
  );
}

function parseTarget(rest: readonly string[]): Pick<RunCommand, 'target' | 'args'> {
  const [first, ...args] = rest;
  if (first === undefined) {
    throw new ToolFault('Nothing to run: give a script or -m module; see gilscope --help.');
  }
  if (first !== '-m') return { target: { kind: 'file', path: first }, args };
  const [module, ...moduleArgs] = args;
  if (module === undefined) throw new ToolFault('-m needs the name of a module after it.');
  return { target: { kind: 'module', module }, args: moduleArgs };
}

function parseReport(args: readonly string[]): ReportCommand {
  const { values, files } = takeFiles('report', args, ['--json', '--html']);
  const [file, ...more] = files;
  if (file === undefined) throw new ToolFault('report needs a profile: gilscope report FILE.');
  if (more.length > 0) throw new ToolFault(`report takes one profile, not also ${more.join(' ')}.`);
  return { kind: 'report', file, outputs: outputsOf(values) };
}

const EXPORT_USE = `gilscope export FILE --to ${EXPORT_FORMATS.join('|')} --out FILE`;

function parseExport(args: readonly string[]): ExportCommand {
  const { values, files } = takeFiles('export', args, ['--to', '--out', '--cost', '--table']);
  const [file, ...more] = files;
  const out = values.get('--out');
  if (file === undefined) throw new ToolFault(`export needs a profile: ${EXPORT_USE}.`);
  if (more.length > 0) throw new ToolFault(`export takes one profile, not also ${more.join(' ')}.`);
  if (out === undefined) throw new ToolFault(`export needs --out, a file to write: ${EXPORT_USE}.`);
  const format = choiceOf(values, '--to', EXPORT_FORMATS);
  if (format === null) throw new ToolFault(`export needs --to: ${EXPORT_USE}.`);
  const cost = choiceOf(values, '--cost', EXPORT_COSTS);
  const table = choiceOf(values, '--table', EXPORT_TABLES);
  if (cost !== null && format !== 'collapsed') {
    throw new ToolFault(`--cost is for --to collapsed; ${format} has every cost in it.`);
  }
  if (table !== null && format !== 'csv') throw new ToolFault('--table is for --to csv.');
  return { kind: 'export', file, format, out, cost: cost ?? 'hold', table: table ?? 'lines' };
}

/** Null where the option was not given. */
function choiceOf<Choice extends string>(
  values: ReadonlyMap<string, string>,
  name: string,
  choices: readonly Choice[],
): Choice | null {
  const value = values.get(name);
  if (value === undefined) return null;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) {
    throw new ToolFault(`${name} ${value} is not known; choose one of ${choices.join(', ')}.`);
  }
  return choice;
}

const COMPARE_USE = "gilscope compare BEFORE AFTER [--fail-if 'wait>+10%']";

function parseCompare(args: readonly string[]): CompareCommand {
  const { all, values, files } = takeFiles('compare', args, ['--fail-if', '--json']);
  const [before, after, ...more] = files;
  if (before === undefined || after === undefined) {
    throw new ToolFault(`compare needs two profiles: ${COMPARE_USE}.`);
  }
  if (more.length > 0)
    throw new ToolFault(`compare takes two profiles, not also ${more.join(' ')}.`);
  const conditions = all.filter(([name]) => name === '--fail-if').map(([, text]) => text);
  return {
    kind: 'compare',
    before,
    after,
    conditions: conditions.map(conditionOf),
    json: values.get('--json') ?? null,
  };
}

function conditionOf(text: string): Condition {
  try {
    return parseCondition(text);
  } catch (error) {
    if (error instanceof ConditionError) throw new ToolFault(error.message);
    throw error;
  }
}

function parseServe(args: readonly string[]): Command {
  if (args.length === 1 && args[0] === '--stdio') return { kind: 'serve' };
  throw new ToolFault('The language server speaks over standard input: gilscope serve --stdio.');
}

function outputsOf(values: ReadonlyMap<string, string>): Outputs {
  return { json: values.get('--json') ?? null, html: values.get('--html') ?? null };
}

interface TakenFiles {
  /** As given: an option may come more than once. */
  readonly all: readonly (readonly [name: string, value: string])[];
  /** The last of each. */
  readonly values: ReadonlyMap<string, string>;
  readonly files: readonly string[];
}

/** Options on either side of files. */
function takeFiles(
  command: string,
  args: readonly string[],
  withValue: readonly string[],
): TakenFiles {
  const all: (readonly [string, string])[] = [];
  const files: string[] = [];
  for (let left = args; left.length > 0;) {
    const taken = takeOptions(command, left, withValue, []);
    all.push(...taken.given);
    files.push(...(taken.ended ? taken.rest : taken.rest.slice(0, 1)));
    left = taken.ended ? [] : taken.rest.slice(1);
  }
  return { all, values: new Map(all), files };
}

interface Taken {
  readonly given: readonly (readonly [name: string, value: string])[];
  readonly values: Map<string, string>;
  readonly switches: Set<string>;
  readonly rest: readonly string[];
  /** A `--` stood before the rest. */
  readonly ended: boolean;
}

/** Takes options up to the first argument that is none; that and all after it are the rest. */
function takeOptions(
  command: string,
  args: readonly string[],
  withValue: readonly string[],
  plain: readonly string[],
): Taken {
  const given: (readonly [string, string])[] = [];
  const switches = new Set<string>();
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') {
      return { given, values: new Map(given), switches, rest: args.slice(at + 1), ended: true };
    }
    if (!arg.startsWith('-') || arg === '-m' || arg === '-') break;
    const [name = '', ...parts] = arg.split('=');
    if (plain.includes(name) && parts.length === 0) {
      switches.add(name);
    } else if (withValue.includes(name)) {
      const value = parts.length > 0 ? parts.join('=') : args[++at];
      if (value === undefined || value === '' || value === '--')
        throw new ToolFault(`${name} needs a value after it.`);
      given.push([name, value]);
    } else {
      throw new ToolFault(
        `gilscope ${command} has no option ${arg}; see gilscope --help. (Options of your program come after its name.)`,
      );
    }
  }
  return { given, values: new Map(given), switches, rest: args.slice(at), ended: false };
}
