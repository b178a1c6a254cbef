import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import * as vscode from 'vscode';
import type { TestView } from '../../../extension/main';
import {
  Programs,
  activated,
  lineWith,
  notesOf,
  once,
  setSetting,
} from '../support/extension-host';
import { readInlineText } from '../support/inline-text';

/** One thread sleeps with a lock, another waits for it and writes down how long. */
const LOCKED = `import threading, time
turnstile = threading.Lock()
inside = threading.Event()

def keep():
    with turnstile: # taken here
        inside.set()
        time.sleep(0.31)

def come():
    inside.wait()
    began = time.perf_counter_ns()
    with turnstile: # waited here
        waited = time.perf_counter_ns() - began
    open(__file__ + ".waited", "w").write(str(waited))

threads = [threading.Thread(target=work) for work in (keep, come)]
for thread in threads: thread.start()
for thread in threads: thread.join()
`;

describe('a wait for a lock', () => {
  const programs = new Programs();
  let view: TestView;
  let editor: vscode.TextEditor;
  before(async () => {
    view = await activated();
    await setSetting('python', process.env['GILSCOPE_PYTHON'] ?? '');
    editor = await programs.open('gesperrt ü.py', LOCKED);
    const end = once(view.onRunning, (running) => !running);
    await vscode.commands.executeCommand('gilscope.profileFile');
    await end;
  });
  after(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    programs.remove();
  });

  it('stands on its line as the other times do, and on that of the holder', async () => {
    const { document } = editor;
    const [taken, waited] = ['taken here', 'waited here'].map((text) => lineWith(document, text));
    const textOf = (line = -1): ReadonlyMap<string, number> =>
      readInlineText(
        view.shown.notesOf(document.uri).find((note) => note.line === line)?.note.text ?? '',
      );
    const ownNs = Number(readFileSync(`${document.uri.fsPath}.waited`, 'utf8'));
    // The notes of the end follow those that were shown while it ran.
    const isWhole = (ns = 0): boolean => ns > ownNs * 0.5;
    await notesOf(
      view,
      document.uri,
      () => isWhole(textOf(waited).get('lock wait')) && isWhole(textOf(taken).get('lock hold')),
    );
    const isNear = (ns = 0): boolean => isWhole(ns) && ns < ownNs * 1.01;
    const waitNs = textOf(waited).get('lock wait');
    assert.ok(isNear(waitNs), `${waitNs} of ${ownNs} ns`);
    const blocksNs = textOf(taken).get('lock blocks');
    assert.ok(isNear(blocksNs), `${blocksNs} of ${ownNs} ns`);
  });

  it('names its lock and its holder in the hover', async () => {
    const { document } = editor;
    const waited = lineWith(document, 'waited here');
    const hovers = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      document.uri,
      new vscode.Position(waited, 6),
    );
    const text = hovers
      .flatMap(({ contents }) => contents)
      .map((content) => (content instanceof vscode.MarkdownString ? content.value : ''))
      .join('\n');
    const holder = `gesperrt ü.py:${lineWith(document, 'taken here') + 1}`;
    const [, waits = ''] = text.split('Whom this line waited for');
    assert.match(waits, new RegExp(`\`keep\` \`[^\`]*${holder}\` \\(lock \`turnstile\`\\)`));
  });
});
