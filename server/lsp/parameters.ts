import { ErrorCodes, ResponseError } from 'vscode-languageserver';
import type { ExitStatus } from '../protocol';
import { TILE_BINS, type ChartRequest } from '../protocol-chart';
import type { RunParams } from '../protocol-run';
import { EXPORT_COSTS, EXPORT_FORMATS, EXPORT_TABLES, type ExportParams } from '../protocol-export';
import { questionOf } from './analysis-parameters';

/** A request that does not keep to the protocol. */
function invalid(what: string): ResponseError {
  return new ResponseError(ErrorCodes.InvalidParams, `Invalid parameters: ${what}.`);
}

type Fields = Readonly<Record<string, unknown>>;

/** @throws ResponseError */
export function fieldsOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('an object is needed');
  }
  return value as Fields;
}

/** @throws ResponseError */
export function textField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== 'string' || value === '') throw invalid(`${name} must be a text`);
  return value;
}

/** @throws ResponseError */
export function textOrNull(fields: Fields, name: string): string | null {
  return fields[name] === null || fields[name] === undefined ? null : textField(fields, name);
}

/** @throws ResponseError */
export function textsField(fields: Fields, name: string): string[] {
  const value = fields[name] ?? [];
  if (!Array.isArray(value) || !value.every((item) => typeof item === 'string')) {
    throw invalid(`${name} must be a list of texts`);
  }
  return value;
}

/** @throws ResponseError */
export function countField(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw invalid(`${name} must be a number from 0 on`);
  }
  return value;
}

/** @throws ResponseError */
export function runParamsOf(value: unknown): RunParams {
  const fields = fieldsOf(value);
  const target = fieldsOf(fields['target']);
  if (target['kind'] !== 'file' && target['kind'] !== 'module') {
    throw invalid('target.kind must be file or module');
  }
  if (fields['startedBy'] !== 'client' && fields['startedBy'] !== 'server') {
    throw invalid('startedBy must be client or server');
  }
  return {
    target:
      target['kind'] === 'file'
        ? { kind: 'file', path: textField(target, 'path') }
        : { kind: 'module', module: textField(target, 'module') },
    args: textsField(fields, 'args'),
    pythonArgs: textsField(fields, 'pythonArgs'),
    ...(fields['python'] === undefined ? {} : { python: textField(fields, 'python') }),
    env: environmentField(fields),
    cwd: textField(fields, 'cwd'),
    workspaceFolder: textOrNull(fields, 'workspaceFolder'),
    startedBy: fields['startedBy'],
  };
}

/** @throws ResponseError */
export function exportParamsOf(value: unknown): ExportParams {
  const fields = fieldsOf(value);
  return {
    path: textField(fields, 'path'),
    format: choiceField(fields, 'format', EXPORT_FORMATS, null),
    cost: choiceField(fields, 'cost', EXPORT_COSTS, 'hold'),
    table: choiceField(fields, 'table', EXPORT_TABLES, 'lines'),
  };
}

function choiceField<Choice extends string>(
  fields: Fields,
  name: string,
  choices: readonly Choice[],
  absent: Choice | null,
): Choice {
  const value = fields[name] ?? absent;
  const choice = choices.find((known) => known === value);
  if (choice === undefined) throw invalid(`${name} must be one of ${choices.join(', ')}`);
  return choice;
}

/** @throws ResponseError */
function environmentField(fields: Fields): Record<string, string | null> {
  const entries = Object.entries(fieldsOf(fields['env'] ?? {})).map(([name, value]) => {
    if (typeof value !== 'string' && value !== null) throw invalid(`env.${name} must be a text`);
    return [name, value] as const;
  });
  return Object.fromEntries(entries);
}

/** How a program ended, as the client saw it. */
export function exitOf(fields: Fields): ExitStatus {
  const { code, signal } = fields;
  return {
    code: typeof code === 'number' ? code : null,
    signal: typeof signal === 'string' && signal !== '' ? signal : null,
  };
}

const STEPS = ['at', 'previous', 'next'] as const;

/** @throws ResponseError */
export function chartRequestOf(value: unknown): ChartRequest {
  const fields = fieldsOf(value);
  const count = (name: string): number => countField(fields, name);
  switch (fields['kind']) {
    case 'meta':
      return fields['outline'] === true ? { kind: 'meta', outline: true } : { kind: 'meta' };
    case 'tile':
      return { kind: 'tile', level: count('level'), index: count('index'), page: count('page') };
    case 'segment': {
      const step = STEPS.find((name) => name === fields['step']);
      if (step === undefined) throw invalid('step must be at, previous or next');
      return { kind: 'segment', lane: count('lane'), atNs: count('atNs'), step };
    }
    case 'longWait':
      return { kind: 'longWait', rank: count('rank') };
    case 'marks': {
      const bins = count('bins');
      if (bins < 1 || bins > 1 << 20) throw invalid(`bins must be a number such as ${TILE_BINS}`);
      return { kind: 'marks', file: textField(fields, 'file'), line: count('line'), bins };
    }
    case 'analysis':
      return { kind: 'analysis', question: questionOf(fieldsOf(fields['question'])) };
    case 'comparison':
      return { kind: 'comparison' };
    default:
      throw invalid('kind must be meta, tile, segment, longWait, marks, analysis or comparison');
  }
}
