import { homedir } from 'node:os';
import { dirname } from 'node:path';
import * as vscode from 'vscode';
import type { RunParams } from '../server/protocol-run';
import { folderOf } from './settings';

/** A program to profile, as a command, a launch configuration or a task asks for it. Plain data: it is remembered. */
export interface RunRequest extends Pick<
  RunParams,
  'target' | 'args' | 'pythonArgs' | 'python' | 'env'
> {
  /** Absent: the workspace folder, else the folder of the file. */
  readonly cwd?: string;
  /** The file whose folder's settings count, as a URI. */
  readonly resource: string | null;
}

/** Which launch configuration was run; what it says is read again, as it may be secret and may change. */
export interface ConfigurationRef {
  readonly configuration: string;
  /** What `${file}` stands for, as a URI; null: there was none. */
  readonly file: string | null;
}

export interface ConfiguredRun {
  readonly from: ConfigurationRef;
  readonly request: RunRequest;
}

const LAST = 'lastRun';

export function runParams(request: RunRequest): RunParams {
  const { resource, cwd, ...asked } = request;
  const uri = resource === null ? undefined : vscode.Uri.parse(resource, true);
  const workspaceFolder = folderOf(uri)?.uri.fsPath ?? null;
  const folder = workspaceFolder ?? (uri?.scheme === 'file' ? dirname(uri.fsPath) : homedir());
  return { ...asked, cwd: cwd ?? folder, workspaceFolder, startedBy: 'client' };
}

export function rememberRun(
  memory: vscode.Memento,
  run: RunRequest | ConfigurationRef,
): Thenable<void> {
  return memory.update(LAST, run);
}

/** What was run last in this workspace; undefined: nothing yet. */
export function lastRun(memory: vscode.Memento): RunRequest | ConfigurationRef | undefined {
  return memory.get<RunRequest | ConfigurationRef>(LAST);
}
