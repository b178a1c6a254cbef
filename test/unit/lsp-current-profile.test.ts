/** What the server shows of a run, and lets be kept, however the run ends. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CurrentProfile } from '../../server/lsp/current-profile';
import type { GrowingProfile } from '../../server/lsp/run-session';
import { DEFAULT_SETTINGS } from '../../server/lsp/settings';
import { TemporaryFolder } from '../../server/lsp/temporary-folder';
import { english } from '../../server/lsp/text';
import { doubtsOf } from '../../server/profile/doubts';
import { openProfileWorker, type ProfileWorker } from '../../server/profile/worker-client';
import type { Profile } from '../../server/protocol';
import { sampleRun, type SampleRun } from '../support/sample-run';
import { buildWorkerFor } from '../support/worker-file';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-current-'));
const workerFile = join(folder, 'profile-worker.js');
const ENDED = { code: 0, signal: null };
const WHY = 'The trace was removed.';

buildWorkerFor(folder, workerFile);

interface Shown {
  readonly run: SampleRun;
  readonly current: CurrentProfile;
  readonly growing: GrowingProfile;
  readonly close: () => void;
}

function begin(name: string, options: Partial<TestOptions> = {}): Shown {
  const run = sampleRun(name);
  const current = new CurrentProfile({
    openWorker: (path) => {
      const worker = openProfileWorker(path, { workerFile });
      return options.wrapped?.(worker) ?? worker;
    },
    temporary: options.temporary ?? new TemporaryFolder(),
    assetFolder: '',
    settings: () => DEFAULT_SETTINGS,
    log: () => undefined,
    text: () => english,
    onChange: () => undefined,
  });
  const close = (): void => {
    current.close();
    run.remove();
  };
  return { run, current, growing: current.beginRun(run.runFolder, 'script.py'), close };
}

interface TestOptions {
  readonly wrapped: (worker: ProfileWorker) => ProfileWorker;
  readonly temporary: TemporaryFolder;
}

async function saved(current: CurrentProfile): Promise<Profile> {
  const file = join(folder, 'saved.json');
  await current.save(file);
  return JSON.parse(readFileSync(file, 'utf8')) as Profile;
}

test('a run whose folder is gone is over: what was read stays, with why it is not all', async () => {
  const { run, current, growing, close } = begin('gone');
  await growing.read(false);
  await growing.show();
  assert.equal(current.loaded?.live, true);
  rmSync(run.runFolder, { recursive: true });
  await assert.rejects(growing.read(true));
  await growing.abandon(ENDED, WHY);

  assert.equal(current.loaded.live, false);
  const profile = await saved(current);
  assert.deepEqual(profile.exit, ENDED);
  // Line 4 holds 10 … 110 ms.
  assert.equal(profile.lines.find(({ line }) => line === 4)?.hold.selfNs, 100_000_000);
  assert.ok(profile.processes[0]?.messages.includes(WHY));
  assert.notEqual(doubtsOf(profile).missing, null);
  assert.ok(current.report(null).replaceAll(/\s+/g, ' ').includes(WHY));
  const chart = await current.chart({ kind: 'meta' });
  assert.ok(chart.kind === 'meta');
  assert.equal(chart.meta?.live, false, 'the chart is that of a run that is over');
  assert.ok(chart.meta.processes[0]?.messages.includes(WHY));
  await current.exportTo({ path: join(folder, 'stacks'), format: 'collapsed' } as never);
  await assert.rejects(current.save(join(folder, 'saved.gilscope')), ({ message }: Error) => {
    assert.match(message, /cannot be saved as \*\.gilscope.*The trace was removed.*\*\.json/);
    return true;
  });
  close();
});

test('where its analysis fails as well, what was last shown stays', async () => {
  let fails = false;
  const wrapped = (worker: ProfileWorker): ProfileWorker => ({
    ...worker,
    snapshot: (facts) =>
      fails ? Promise.reject(new Error('out of memory')) : worker.snapshot(facts),
  });
  const { current, growing, close } = begin('crashed', { wrapped });
  await growing.read(false);
  await growing.show();
  fails = true;
  await growing.abandon(ENDED, WHY);
  assert.equal(current.loaded?.live, false);
  const profile = await saved(current);
  assert.ok(profile.processes[0]?.messages.includes(WHY));
  assert.notEqual(doubtsOf(profile).missing, null);
  close();
});

test('a run of which nothing was read shows nothing', async () => {
  const { current, growing, close } = begin('nothing');
  await growing.abandon(ENDED, WHY);
  assert.equal(current.loaded, null);
  await assert.rejects(current.save(join(folder, 'none.json')), /no profile/);
  close();
});

test('a run that is over but could not be packed is not said to be running', async () => {
  const temporary = new TemporaryFolder();
  temporary.pack = () => Promise.reject(new Error('/tmp: no space left on the disk.'));
  const { current, growing, close } = begin('full', { temporary });
  await growing.read(true);
  await growing.finish();
  await assert.rejects(current.save(join(folder, 'full.gilscope')), ({ message }: Error) => {
    assert.doesNotMatch(message, /running/);
    assert.match(message, /cannot be saved as \*\.gilscope: \/tmp: no space left on the disk\. /);
    return true;
  });
  assert.equal((await saved(current)).processes.length, 1);
  close();
});

test('the report of a program that runs says so, and gives no verdict', async () => {
  const { current, growing, close } = begin('running');
  await growing.read(false);
  await growing.show();
  const report = current.report(null).replaceAll(/\s+/g, ' ');
  assert.match(report, /The program is still running; this is what was measured until now\./);
  assert.doesNotMatch(report, /end of the program was not seen|end not seen|exit status/);
  await growing.read(true);
  await growing.finish();
  assert.doesNotMatch(current.report(null), /still running/);
  close();
});
