import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { activated } from '../support/extension-host';

interface Contributed {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
  };
}

describe('the extension in VS Code', () => {
  // By its name this file comes before those that profile.
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
