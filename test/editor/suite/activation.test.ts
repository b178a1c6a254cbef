import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated } from '../support/extension-host';

interface Contributed {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
}

/** The context keys that are set while something happens; VS Code lets nobody read them. */
async function contextToldBy(
  happen: () => Promise<unknown>,
): Promise<ReadonlyMap<unknown, unknown>> {
  const told = new Map<unknown, unknown>();
  const commands = vscode.commands as { executeCommand: typeof vscode.commands.executeCommand };
  const original = commands.executeCommand;
  commands.executeCommand = (command, ...rest: unknown[]) => {
    if (command === 'setContext') told.set(rest[0], rest[1]);
    return original(command, ...rest);
  };
  try {
    await happen();
  } finally {
    commands.executeCommand = original;
  }
  return told;
}

describe('the extension in VS Code', () => {
  // By its name this file comes before those that profile.
  it('takes back, when it wakes, what a host that is gone told the window', async () => {
    assert.equal(vscode.extensions.getExtension('gilscope.gilscope')?.isActive, false);
    const told = await contextToldBy(activated);
    for (const name of ['running', 'hasProfile', 'comparing', 'hasRecent']) {
      assert.equal(told.get(`gilscope.${name}`), false, name);
    }
  });

  it('runs nothing by itself when it wakes', async () => {
    await activated();
    const ours = vscode.window.terminals.filter(({ name }) => name.startsWith('GILscope'));
    assert.deepEqual(ours, []);
  });

  it('has every command that it contributes', async () => {
    await activated();
    const manifest = vscode.extensions.getExtension('gilscope.gilscope')
      ?.packageJSON as Contributed;
    const there = new Set(await vscode.commands.getCommands(true));
    for (const { command } of manifest.contributes.commands) assert.ok(there.has(command), command);
  });

  it('has every setting that it contributes, with its default', () => {
    const manifest = vscode.extensions.getExtension('gilscope.gilscope')
      ?.packageJSON as Contributed;
    for (const id of Object.keys(manifest.contributes.configuration.properties)) {
      const known = vscode.workspace.getConfiguration().inspect(id);
      assert.notEqual(known?.defaultValue, undefined, id);
    }
  });
});
