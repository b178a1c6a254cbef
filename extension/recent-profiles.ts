import { basename } from 'node:path';
import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import type { ServerConnection } from './server-connection';
import { keptProfiles } from './settings';

/** A profile that was kept. Plain data: it is remembered. */
export interface RecentProfile {
  readonly title: string;
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly wallNs: number;
  readonly findings: number;
}

const KEY = 'recentProfiles';

/** Keeps the profile of each run, as many as the setting says, newest first. */
export class RecentProfiles implements vscode.Disposable {
  private readonly changeEmitter = new vscode.EventEmitter<void>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private readonly folder: vscode.Uri;
  private readonly memory: vscode.Memento;
  private keeping: Promise<void> = Promise.resolve();

  readonly onDidChange = this.changeEmitter.event;

  constructor(
    context: vscode.ExtensionContext,
    private readonly server: ServerConnection,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.memory = context.workspaceState;
    this.folder = vscode.Uri.joinPath(context.storageUri ?? context.globalStorageUri, 'profiles');
    this.subscriptions = [
      this.changeEmitter,
      server.onStatus(({ state }) => {
        if (state === 'finished') this.keeping = this.keeping.then(() => this.keep());
      }),
    ];
    this.tell();
  }

  get all(): readonly RecentProfile[] {
    return this.memory.get<RecentProfile[]>(KEY, []);
  }

  /** When all runs that have ended are kept. */
  settled(): Promise<void> {
    return this.keeping;
  }

  async remove(profile: RecentProfile): Promise<void> {
    await this.update(this.all.filter(({ path }) => path !== profile.path));
  }

  async clear(): Promise<void> {
    await this.update([]);
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async keep(): Promise<void> {
    const { profile } = this.server;
    const most = keptProfiles();
    if (!profile || profile.live || profile.path !== null || most === 0) return;
    const at = Date.now();
    try {
      await vscode.workspace.fs.createDirectory(this.folder);
      const { fsPath } = vscode.Uri.joinPath(this.folder, `${at}-${fileNameOf(profile.title)}`);
      await this.server.request(METHOD.saveProfile, { path: fsPath });
      const { title, wallNs, findings } = profile;
      const kept = { title, path: fsPath, at, wallNs, findings: findings.length };
      await this.update([kept, ...this.all].slice(0, most));
    } catch (error) {
      this.log.warn(`The profile was not kept among the recent ones: ${String(error)}`);
    }
  }

  /** The tree is there only where it has something to show. */
  private tell(): void {
    void vscode.commands.executeCommand('setContext', 'gilscope.hasRecent', this.all.length > 0);
    this.changeEmitter.fire();
  }

  /** Files that are in the list no more are deleted. */
  private async update(next: readonly RecentProfile[]): Promise<void> {
    const stay = new Set(next.map(({ path }) => path));
    const gone = this.all.filter(({ path }) => !stay.has(path));
    await this.memory.update(KEY, next);
    this.tell();
    for (const { path } of gone) {
      await vscode.workspace.fs.delete(vscode.Uri.file(path)).then(undefined, () => undefined);
    }
  }
}

function fileNameOf(title: string): string {
  const name = basename(title).replace(/[^\p{L}\p{N}._-]+/gu, '-');
  return `${name.slice(0, 80)}.gilscope`;
}
