import { basename } from 'node:path';
import * as vscode from 'vscode';
import { METHOD, type ProfileSummary } from '../server/protocol';
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

/** Name of a kept file: when it was written, in milliseconds since 1970, and its title. */
const NAME = /^(\d+)-.*\.gilscope$/;

/** Keeps the profile of each run, as many as the setting says, newest first. What is open in an editor stays as well. */
export class RecentProfiles implements vscode.Disposable {
  private readonly changeEmitter = new vscode.EventEmitter<void>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private readonly folder: vscode.Uri;
  /** The folder is that of every window without a folder: their lists are forgotten with them. */
  private readonly isShared: boolean;
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
    this.isShared = context.storageUri === undefined;
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
    if (!profile || profile.live || profile.path !== null) return;
    try {
      const kept = most === 0 ? [] : [await this.save(profile)];
      const open = openFiles();
      const next = [...kept, ...this.all].filter(({ path }, at) => at < most || open.has(path));
      await this.update(next);
      if (this.isShared) await this.sweep(most, open);
    } catch (error) {
      this.log.warn(`The profile was not kept among the recent ones: ${String(error)}`);
    }
  }

  private async save({ title, wallNs, findings }: ProfileSummary): Promise<RecentProfile> {
    const at = Date.now();
    await vscode.workspace.fs.createDirectory(this.folder);
    const path = vscode.Uri.joinPath(this.folder, `${at}-${fileNameOf(title)}`).fsPath;
    await this.server.request(METHOD.saveProfile, { path });
    return { title, path, at, wallNs, findings: findings.length };
  }

  /** Leaves the newest files, whichever window they are from. */
  private async sweep(most: number, open: ReadonlySet<string>): Promise<void> {
    const found = vscode.workspace.fs.readDirectory(this.folder);
    const entries = await found.then(undefined, (): [string, vscode.FileType][] => []);
    const gone = entries
      .map(([name]) => ({ name, at: Number(NAME.exec(name)?.[1] ?? NaN) }))
      .filter(({ at }) => !Number.isNaN(at))
      .sort((a, b) => b.at - a.at)
      .slice(most)
      .map(({ name }) => vscode.Uri.joinPath(this.folder, name).fsPath)
      .filter((path) => !open.has(path));
    await this.update(this.all.filter(({ path }) => !gone.includes(path)));
    for (const path of gone) await removeFile(path);
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
    for (const { path } of gone) await removeFile(path);
  }
}

function fileNameOf(title: string): string {
  const name = basename(title).replace(/[^\p{L}\p{N}._-]+/gu, '-');
  return `${name.slice(0, 80)}.gilscope`;
}

/** Those that are open in editors of this window. */
function openFiles(): ReadonlySet<string> {
  const inputs = vscode.window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ input }) => input));
  const files = inputs.flatMap((input) =>
    input instanceof vscode.TabInputCustom ? [input.uri.fsPath] : [],
  );
  return new Set(files);
}

async function removeFile(path: string): Promise<void> {
  await vscode.workspace.fs.delete(vscode.Uri.file(path)).then(undefined, () => undefined);
}
