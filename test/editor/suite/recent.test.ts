import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as vscode from 'vscode';
import { RecentProfiles } from '../../../extension/recent-profiles';
import type { ServerConnection } from '../../../extension/server-connection';
import type { RunStatus } from '../../../server/protocol-run';
import { Programs, activated, once, setSetting } from '../support/extension-host';

/** A workspace's memory that nothing was put into. */
function forgetful(): vscode.Memento {
  const values = new Map<string, unknown>();
  return {
    keys: () => [...values.keys()],
    get: (key: string, fallback?: unknown) => values.get(key) ?? fallback,
    update: (key: string, value: unknown) => Promise.resolve(void values.set(key, value)),
  };
}

describe('recent profiles of a window without a folder', () => {
  const programs = new Programs();
  const folder = programs.path('profiles');
  const finished = new vscode.EventEmitter<RunStatus>();
  let recent: RecentProfiles;
  const names = (): string[] => readdirSync(folder).sort();
  const run = async (): Promise<void> => {
    finished.fire({ state: 'finished' } as RunStatus);
    await recent.settled();
  };

  before(async () => {
    await activated();
    mkdirSync(folder);
    for (const at of [999, 1000, 2000, 3000]) {
      writeFileSync(join(folder, `${at}-old.py.gilscope`), '');
    }
    writeFileSync(join(folder, 'notes.txt'), '');
    const server = {
      profile: { title: 'new.py', path: null, live: false, wallNs: 1, findings: [] },
      onStatus: finished.event,
      request: (_: string, { path }: { path: string }) => {
        writeFileSync(path, '');
        return Promise.resolve(null);
      },
    } as unknown as ServerConnection;
    const context = {
      storageUri: undefined,
      globalStorageUri: vscode.Uri.file(programs.folder),
      workspaceState: forgetful(),
    } as unknown as vscode.ExtensionContext;
    const log = { warn: (text: string) => assert.fail(text) } as unknown as vscode.LogOutputChannel;
    recent = new RecentProfiles(context, server, log);
  });
  after(async () => {
    recent.dispose();
    await setSetting('recent.maximum', undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('are the newest of the folder, also of windows that are forgotten', async () => {
    await setSetting('recent.maximum', 3);
    await run();
    assert.deepEqual(names(), [
      ...recent.all.map(({ path }) => path.slice(folder.length + 1)),
      '2000-old.py.gilscope',
      '3000-old.py.gilscope',
      'notes.txt',
    ]);
    assert.equal(recent.all.length, 1);
  });

  it('stay while they are open', async () => {
    const open = join(folder, '2000-old.py.gilscope');
    const shown = once(vscode.window.tabGroups.onDidChangeTabs, ({ opened }) =>
      opened.some(({ input }) => input instanceof vscode.TabInputCustom),
    );
    await vscode.commands.executeCommand('vscode.open', vscode.Uri.file(open));
    await shown;
    await setSetting('recent.maximum', 1);
    await run();
    assert.ok(existsSync(open));
    assert.deepEqual(names().slice(1), ['2000-old.py.gilscope', 'notes.txt']);
    const closed = once(vscode.window.tabGroups.onDidChangeTabs, (tabs) => tabs.closed.length > 0);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    await closed;
  });

  it('are all deleted where none are to be kept', async () => {
    await setSetting('recent.maximum', 0);
    await run();
    assert.deepEqual(names(), ['notes.txt']);
    assert.deepEqual(recent.all, []);
  });
});
