/** Servers under load that are profiled by a launch configuration and stopped by the command: what a user then reads. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  lineWith,
  notesOf,
  once,
  setSetting,
  shownReport,
} from '../support/extension-host';

const PROGRAM = join('test', 'fixtures', 'programs', 'servers.py');
const SERVERS = [
  // The master, three workers, and the process that loads them.
  { kind: 'prefork', processes: 5, shows: /ran without the GIL: [^;]*web server ü\.py:\d+ \d/ },
  { kind: 'asyncio', processes: 2, shows: /web server ü\.py:\d+ in handle\(\) → answer/ },
];

/** What nobody waited for is there until somebody does. */
function isRunning(status: string): boolean {
  return existsSync(status) && !/^State:\s+[ZX]/m.test(readFileSync(status, 'utf8'));
}

describe('servers under load', () => {
  const programs = new Programs();
  let view: TestView;
  let editor: vscode.TextEditor;
  const configure = (value: unknown): Thenable<void> =>
    vscode.workspace.getConfiguration().update('launch', value, vscode.ConfigurationTarget.Global);
  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    const source = readFileSync(join(process.env['GILSCOPE_ROOT'] ?? '', PROGRAM), 'utf8');
    editor = await programs.open('web server ü.py', source);
  });
  after(async () => {
    await configure(undefined);
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  /** Profiles a server until it has answered its first requests, and stops it. */
  async function profileAndStop(kind: string): Promise<void> {
    const served = programs.path(`${kind}.served`);
    const program = editor.document.uri.fsPath;
    const server = { name: kind, type: 'debugpy', request: 'launch', program };
    await configure({ version: '0.2.0', configurations: [{ ...server, args: [kind, served] }] });
    const end = once(view.onRunning, (running) => !running);
    await vscode.commands.executeCommand('gilscope.profileLaunchConfiguration');
    while (!existsSync(served)) await delay(50);
    const whole = once(view.onProfileChanged, (summary) => summary?.live === false);
    await vscode.commands.executeCommand('gilscope.stop');
    await end;
    await whole;
  }

  for (const { kind, processes, shows } of SERVERS) {
    it(`${kind}, stopped: all of its processes are gone and in the report, its lines have times`, async () => {
      await profileAndStop(kind);
      await vscode.window.showTextDocument(editor.document);
      const serving = lineWith(editor.document, 'hashlib.sha256(');
      await notesOf(view, editor.document.uri, (all) => all.some(({ line }) => line === serving));

      await vscode.commands.executeCommand('gilscope.showReport');
      const report = (await shownReport(`${kind}.served`)).getText();
      assert.match(report, new RegExp(`^Processes \\(${processes}\\)$`, 'm'));
      const rows = [...report.matchAll(/ pid (\d+), ([^/]+?) +\//g)];
      assert.equal(rows.length, processes, report);
      for (const [row, pid, how] of rows) {
        assert.ok(!isRunning(`/proc/${pid}/status`), `goes on: ${row}`);
        assert.match(
          how ?? '',
          /^(?:exit status 0|(?:killed by|ended by Stop) .*SIG(?:INT|TERM).*)$/,
        );
      }
      assert.match(report.replace(/\s+/g, ' '), shows);
      await vscode.commands.executeCommand('workbench.action.closeActiveEditor');
    });
  }
});
