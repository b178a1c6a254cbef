import { ToolFault } from './tool-fault';

export type Command =
  | RunCommand
  | ReportCommand
  | { readonly kind: 'serve' }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' };

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

export interface Outputs {
  /** `-`: standard output. */
  readonly json: string | null;
  readonly html: string | null;
}

const NOT_YET = new Map([
  ['export', 'write exports (report --json writes everything as JSON)'],
  ['compare', 'compare profiles'],
]);

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
      return { kind: 'help' };
    case '--version':
    case '-V':
      return { kind: 'version' };
    case 'run':
      return wantsHelp(rest) ? { kind: 'help' } : parseRun(rest);
    case 'report':
      return wantsHelp(rest) ? { kind: 'help' } : parseReport(rest);
    case 'serve':
      return wantsHelp(rest) ? { kind: 'help' } : parseServe(rest);
    default: {
      const what = NOT_YET.get(name);
      throw new ToolFault(
        what === undefined
          ? `There is no command ${name}; see gilscope --help.`
          : `This version of gilscope cannot ${what} yet.`,
      );
    }
  }
}

function wantsHelp(args: readonly string[]): boolean {
  return args[0] === '--help' || args[0] === '-h';
}

const RUN_VALUES = ['--python', '--out', '--json', '--html'];
const RUN_SWITCHES = ['--quiet', '--no-children', '--check'];

function parseRun(args: readonly string[]): RunCommand {
  const taken = takeOptions('run', args, RUN_VALUES, RUN_SWITCHES);
  const { rest, values, switches } = taken;
  return {
    kind: 'run',
    ...parseTarget(rest),
    python: values.get('--python') ?? '',
    out: values.get('--out') ?? null,
    outputs: outputsOf(values),
    quiet: switches.has('--quiet'),
    children: !switches.has('--no-children'),
    check: switches.has('--check'),
  };
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
  const values = new Map<string, string>();
  const files: string[] = [];
  for (let left = args; left.length > 0;) {
    const taken = takeOptions('report', left, ['--json', '--html'], []);
    for (const [name, value] of taken.values) values.set(name, value);
    files.push(...(taken.ended ? taken.rest : taken.rest.slice(0, 1)));
    left = taken.ended ? [] : taken.rest.slice(1);
  }
  const [file, ...more] = files;
  if (file === undefined) throw new ToolFault('report needs a profile: gilscope report FILE.');
  if (more.length > 0) throw new ToolFault(`report takes one profile, not also ${more.join(' ')}.`);
  return { kind: 'report', file, outputs: outputsOf(values) };
}

function parseServe(args: readonly string[]): Command {
  if (args.length === 1 && args[0] === '--stdio') return { kind: 'serve' };
  throw new ToolFault('The language server speaks over standard input: gilscope serve --stdio.');
}

function outputsOf(values: ReadonlyMap<string, string>): Outputs {
  return { json: values.get('--json') ?? null, html: values.get('--html') ?? null };
}

interface Taken {
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
  const values = new Map<string, string>();
  const switches = new Set<string>();
  let at = 0;
  for (; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return { values, switches, rest: args.slice(at + 1), ended: true };
    if (!arg.startsWith('-') || arg === '-m' || arg === '-') break;
    const [name = '', ...parts] = arg.split('=');
    if (plain.includes(name) && parts.length === 0) {
      switches.add(name);
    } else if (withValue.includes(name)) {
      const value = parts.length > 0 ? parts.join('=') : args[++at];
      if (value === undefined || value === '')
        throw new ToolFault(`${name} needs a value after it.`);
      values.set(name, value);
    } else {
      throw new ToolFault(
        `gilscope ${command} has no option ${arg}; see gilscope --help. (Options of your program come after its name.)`,
      );
    }
  }
  return { values, switches, rest: args.slice(at), ended: false };
}
