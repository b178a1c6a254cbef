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

const LAST = 'lastRun';

export function runParams(request: RunRequest): RunParams {
  const { resource, cwd, ...asked } = request;
  const uri = resource === null ? undefined : vscode.Uri.parse(resource, true);
  const workspaceFolder = folderOf(uri)?.uri.fsPath ?? null;
  const folder = workspaceFolder ?? (uri?.scheme === 'file' ? dirname(uri.fsPath) : homedir());
  return { ...asked, cwd: cwd ?? folder, workspaceFolder, startedBy: 'client' };
}

export function rememberRun(memory: vscode.Memento, request: RunRequest): Thenable<void> {
  return memory.update(LAST, request);
}

/** What was run last in this workspace; undefined: nothing yet. */
export function lastRun(memory: vscode.Memento): RunRequest | undefined {
  return memory.get<RunRequest>(LAST);
}
