import * as vscode from 'vscode';
import { configuredProgram, type ProgramConfiguration } from './configured-program';
import type { ProgramRun } from './program-run';
import type { Lookup } from './variables';

export const TASK_TYPE = 'gilscope';

/** What looks like a variable and was not one stays what it is. */
const asItStands: Lookup = (name, argument) =>
  Promise.resolve(`\${${argument === null ? name : `${name}:${argument}`}}`);

/** Tasks of the type gilscope: the program runs in a terminal of its own, the task ends with its exit status. */
export class ProfileTasks implements vscode.TaskProvider {
  constructor(private readonly run: ProgramRun) {}

  provideTasks(): vscode.Task[] {
    const editor = vscode.window.activeTextEditor;
    if (editor?.document.languageId !== 'python') return [];
    const folder = vscode.workspace.getWorkspaceFolder(editor.document.uri);
    const name = vscode.l10n.t('profile the open file');
    const definition = { type: TASK_TYPE, program: '${file}' };
    return [this.task(definition, folder ?? vscode.TaskScope.Workspace, name)];
  }

  resolveTask(task: vscode.Task): vscode.Task {
    return this.task(task.definition, task.scope ?? vscode.TaskScope.Workspace, task.name);
  }

  private task(
    definition: vscode.TaskDefinition,
    scope: vscode.WorkspaceFolder | vscode.TaskScope,
    name: string,
  ): vscode.Task {
    const folder = typeof scope === 'object' ? scope : vscode.workspace.workspaceFolders?.[0];
    // VS Code has put values in place of the variables, and asked for inputs.
    const execution = new vscode.CustomExecution((resolved) =>
      Promise.resolve(new ProfileTaskTerminal(this.run, resolved as ProgramConfiguration, folder)),
    );
    return new vscode.Task(definition, scope, name, 'GILscope', execution);
  }
}

/** The task's own terminal: says how the run goes, and stops it when the task is ended. */
class ProfileTaskTerminal implements vscode.Pseudoterminal {
  private readonly writeEmitter = new vscode.EventEmitter<string>();
  private readonly closeEmitter = new vscode.EventEmitter<number>();
  private running = false;

  readonly onDidWrite = this.writeEmitter.event;
  readonly onDidClose = this.closeEmitter.event;

  constructor(
    private readonly run: ProgramRun,
    private readonly definition: ProgramConfiguration,
    private readonly folder: vscode.WorkspaceFolder | undefined,
  ) {}

  open(): void {
    void this.start();
  }

  close(): void {
    if (this.running) void this.run.stop();
  }

  private async start(): Promise<void> {
    try {
      if (!vscode.workspace.isTrusted) {
        throw new Error(vscode.l10n.t('Profiling runs the program. Trust the workspace first.'));
      }
      if (this.run.isActive) {
        throw new Error(vscode.l10n.t('Another program is being profiled. Stop it first.'));
      }
      const request = await configuredProgram(this.definition, this.folder, asItStands);
      this.say(vscode.l10n.t('The program runs in a terminal of its own.'));
      this.running = true;
      this.end(await this.run.toEnd(request));
    } catch (error) {
      this.say(error instanceof Error ? error.message : String(error));
      this.end(1);
    }
  }

  private end(status: number): void {
    this.running = false;
    this.closeEmitter.fire(status);
  }

  private say(text: string): void {
    this.writeEmitter.fire(`${text}\r\n`);
  }
}
