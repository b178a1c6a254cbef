import { readFile } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';
import { parseEnvFile } from './env-file';
import type { RunRequest } from './run-request';
import { splitArguments } from './split-arguments';
import { substitute, type Lookup } from './variables';

/** What is used of a Python configuration of launch.json, and of a task of the type gilscope. */
export interface ProgramConfiguration {
  readonly type?: unknown;
  readonly program?: unknown;
  readonly module?: unknown;
  readonly args?: unknown;
  readonly cwd?: unknown;
  readonly env?: unknown;
  readonly envFile?: unknown;
  readonly python?: unknown;
  readonly pythonPath?: unknown;
  readonly pythonArgs?: unknown;
}

/** A configuration that says not what to run; the message is for the user. */
export class ConfigurationError extends Error {}

/**
 * The program of a configuration, its variables replaced.
 *
 * @throws ConfigurationError, UnknownVariableError, UnclosedQuoteError, CancelledError
 */
export async function configuredProgram(
  configuration: ProgramConfiguration,
  folder: vscode.WorkspaceFolder | undefined,
  lookup: Lookup,
): Promise<RunRequest> {
  const text = (value: unknown): Promise<string> =>
    substitute(typeof value === 'string' ? value : '', lookup);
  const root = folder?.uri.fsPath;
  const inFolder = (path: string): string =>
    path === '' || isAbsolute(path) || root === undefined ? path : join(root, path);
  const cwd = inFolder(await text(configuration.cwd));
  const [python = '', ...options] = await pythonOf(configuration, text);
  return {
    target: await targetOf(configuration, text, inFolder),
    args: await wordsOf(configuration.args, text),
    pythonArgs: [...options, ...(await wordsOf(configuration.pythonArgs, text))],
    env: {
      ...(await envFileOf(inFolder(await text(configuration.envFile)))),
      ...(await envOf(configuration.env, text)),
    },
    ...(python === '' ? {} : { python }),
    ...(cwd === '' ? {} : { cwd }),
    resource: folder?.uri.toString() ?? null,
  };
}

type Text = (value: unknown) => Promise<string>;

async function targetOf(
  { program, module }: ProgramConfiguration,
  text: Text,
  inFolder: (path: string) => string,
): Promise<RunRequest['target']> {
  if (typeof module === 'string') return { kind: 'module', module: await text(module) };
  const path = inFolder(await text(program));
  if (path !== '') return { kind: 'file', path };
  throw new ConfigurationError(
    vscode.l10n.t('The configuration names neither a "program" nor a "module" to run.'),
  );
}

/** The interpreter, empty where none is named, then options for it: `python` may be a list, as debugpy has it. */
async function pythonOf(
  { python, pythonPath }: ProgramConfiguration,
  text: Text,
): Promise<string[]> {
  const [named, ...options] = Array.isArray(python)
    ? (python as unknown[])
    : [python ?? pythonPath];
  // The Python extension's own choice is asked for in any case.
  const command = named === '${command:python.interpreterPath}' ? '' : await text(named);
  return [command, ...(await wordsOf(options, text))];
}

async function wordsOf(value: unknown, text: Text): Promise<string[]> {
  if (typeof value === 'string') return splitArguments(await text(value));
  const words: string[] = [];
  for (const word of Array.isArray(value) ? (value as unknown[]) : []) {
    words.push(await text(typeof word === 'number' ? String(word) : word));
  }
  return words;
}

async function envOf(value: unknown, text: Text): Promise<Record<string, string | null>> {
  const env: Record<string, string | null> = {};
  for (const [name, entry] of Object.entries((value ?? {}) as Record<string, unknown>)) {
    if (entry === null) env[name] = null;
    else env[name] = typeof entry === 'string' ? await text(entry) : JSON.stringify(entry);
  }
  return env;
}

async function envFileOf(path: string): Promise<Record<string, string>> {
  if (path === '') return {};
  try {
    return parseEnvFile(await readFile(path, 'utf8'));
  } catch (error) {
    // A default of the Python extension is a file that need not be there.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new ConfigurationError(
      vscode.l10n.t('The "envFile" {0} cannot be read: {1}', path, (error as Error).message),
    );
  }
}
