/** A run with many cycles is read in a thread of its own, beside being kept: one and the same profile comes of both. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Profile } from '../../server/protocol';
import type { StandaloneData } from '../../server/protocol-standalone';
import { readManifest } from '../../server/lsp/profile-files';
import { storedHashesOf } from '../../server/lsp/stored-hashes';
import { gilPythons } from '../support/pythons';
import { runProcess, type Ended } from '../support/run-profile';
import { temporaryFolder } from '../unit/interpreter/fake-python';

const cli = resolve('dist/cli.js');
const python = gilPythons().at(-1)?.path ?? '';

/** Releases the GIL twice in each turn: at 14 bytes a cycle, over 5 MB of trace. */
const TURNS = 200_000;
const PROGRAM = [
  'import os, sys',
  'for folder in sys.argv[1:]: os.rmdir(folder)',
  'reader, writer = os.pipe()',
  `for _ in range(${TURNS}):`,
  '    os.write(writer, b"x")',
  '    os.read(reader, 1)',
  '',
];

function gilscope(args: readonly string[], cwd: string): Promise<Ended> {
  return runProcess(process.execPath, [cli, ...args], { cwd });
}

function prepare(t: TestContext): string {
  const cwd = temporaryFolder(t);
  writeFileSync(join(cwd, 'pipe.py'), PROGRAM.join('\n'));
  return cwd;
}

function profileAt(path: string): Profile {
  return JSON.parse(readFileSync(path, 'utf8')) as Profile;
}

function acquisitionsOf({ threads }: Profile): number {
  return threads.reduce((sum, { acquires }) => sum + acquires, 0);
}

describe('a run with many cycles', () => {
  it('what is shown is what is kept, with its sources, and with its page', async (t) => {
    const cwd = prepare(t);
    const outputs = ['--out', 'p.gilscope', '--json', 'run.json', '--html', 'page.html'];
    const ended = await gilscope(['run', '--python', python, ...outputs, 'pipe.py'], cwd);
    assert.equal(ended.code, 0, ended.stderr);
    const shown = profileAt(join(cwd, 'run.json'));
    assert.ok(acquisitionsOf(shown) >= 2 * TURNS);
    const again = await gilscope(['report', '--json', 'report.json', 'p.gilscope'], cwd);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(profileAt(join(cwd, 'report.json')), shown);
    const hashes = storedHashesOf(readManifest(join(cwd, 'p.gilscope')));
    assert.ok(Object.keys(hashes).includes(join(cwd, 'pipe.py')));
    const page = readFileSync(join(cwd, 'page.html'), 'utf8');
    const json = /id="gilscope-data">(.*)<\/script>/.exec(page)?.[1] ?? '';
    const { meta } = JSON.parse(json) as StandaloneData;
    assert.deepEqual(meta.lanes.length, shown.threads.length);
  });

  it('where it cannot be kept, it is shown all the same, and the traces stay', async (t) => {
    const cwd = prepare(t);
    mkdirSync(join(cwd, 'out'));
    const outputs = ['--out', 'out/p.gilscope', '--json', 'run.json'];
    const program = ['pipe.py', join(cwd, 'out')];
    const ended = await gilscope(['run', '--python', python, ...outputs, ...program], cwd);
    const kept = /What was measured is kept in (\S+); /.exec(ended.stderr)?.[1] ?? '';
    t.after(() => rmSync(kept, { recursive: true, force: true }));
    assert.equal(ended.code, 125);
    assert.equal(ended.stderr.match(/cannot be written/g)?.length, 1, ended.stderr);
    const shown = profileAt(join(cwd, 'run.json'));
    assert.ok(acquisitionsOf(shown) >= 2 * TURNS);
    const again = await gilscope(['report', '--json', 'report.json', kept], cwd);
    assert.equal(again.code, 0, again.stderr);
    assert.deepEqual(profileAt(join(cwd, 'report.json')), shown);
  });

  it('an interrupt while it is kept ends it at once, and leaves the traces and no half of a file', async (t) => {
    const cwd = prepare(t);
    const args = [cli, 'run', '--python', python, '--out', 'p.gilscope', 'pipe.py'];
    const tool = spawn(process.execPath, args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    tool.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
    const watcher = watch(cwd, (_event, name) => {
      if (name?.endsWith('.part') === true) tool.kill('SIGINT');
    });
    t.after(() => watcher.close());
    await once(tool, 'close');
    const kept = /what was measured is kept in (\S+); /.exec(said)?.[1] ?? '';
    t.after(() => rmSync(kept, { recursive: true, force: true }));
    assert.equal(tool.exitCode, 130, said);
    assert.deepEqual(readdirSync(cwd), ['pipe.py']);
    const again = await gilscope(['report', kept], cwd);
    assert.match(again.stdout.toString(), /^GILscope report · pipe\.py · /);
  });
});
