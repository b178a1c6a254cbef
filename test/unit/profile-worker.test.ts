import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { checkInvariants } from '../../server/profile/invariants';
import { openProfileWorker, ProfileError } from '../../server/profile/worker-client';
import { TraceWriter } from '../support/trace-writer';
import { buildWorkerFor } from '../support/worker-file';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-worker-'));
const workerFile = join(folder, 'profile-worker.js');
const MS = 1_000_000n;

buildWorkerFor(folder, workerFile);

/** Two threads; the first holds 10–30 ms, the second waits 15–30 ms and holds until 40 ms. */
function writeRun(name: string): { path: string; writer: TraceWriter; save: () => void } {
  const path = join(folder, name);
  mkdirSync(path);
  const writer = new TraceWriter({
    startTicks: 0n,
    anchor1: [50n * MS, 5_050_000_000n],
    heartbeatTicks: 60n * MS,
  });
  const gil = writer.addGil();
  const first = writer.addThread({ tid: 7, name: 'first' });
  const second = writer.addThread({ tid: 8, name: 'second' });
  writer.cycle(gil, { thread: first, waitStart: 10n * MS, acquired: 10n * MS, released: 30n * MS });
  const wait = { waitStart: 15n * MS, acquired: 30n * MS, released: 40n * MS, contended: true };
  writer.cycle(gil, { thread: second, ...wait });
  const save = () => writeFileSync(join(path, '100.trace'), writer.bytes());
  save();
  return { path, writer, save };
}

describe('profile worker', () => {
  it('reads a run while it grows, and answers the chart', async () => {
    const { path, writer, save } = writeRun('live');
    const worker = openProfileWorker(path, { workerFile });
    const early = await worker.poll(false);
    assert.deepEqual([early.events, early.processes, early.wallNs], [6, 1, 60_000_000]);
    assert.equal(early.gilLoad, 0.5);
    const live = await worker.snapshot({ command: ['a.py'] });
    assert.deepEqual(live.command, ['a.py']);
    assert.deepEqual(
      live.threads.map((row) => [row.name, row.holdNs, row.waitNs, row.blocksNs]),
      [
        ['first', 20_000_000, 0, 15_000_000],
        ['second', 10_000_000, 15_000_000, 0],
      ],
    );
    writer.cycle(0, { thread: 0, waitStart: 70n * MS, acquired: 70n * MS, released: 75n * MS });
    writer.setHeader64('endTicks', 80n * MS);
    save();
    assert.equal((await worker.poll(true)).events, 9);
    const done = await worker.snapshot({ exit: { code: 3, signal: null } });
    assert.deepEqual(
      [done.wallNs, done.exit.code, done.threads[0]?.holdNs],
      [80_000_000, 3, 25_000_000],
    );
    assert.deepEqual(checkInvariants(done), []);

    const meta = await worker.chart({ kind: 'meta' });
    assert.ok(meta.kind === 'meta');
    assert.deepEqual(
      [meta.meta?.revision, meta.meta?.live, meta.meta?.lanes.length],
      [2, false, 2],
    );
    const wait = await worker.chart({ kind: 'longWait', rank: 0 });
    assert.ok(wait.kind === 'segment');
    assert.deepEqual(wait.segment, {
      ...{ lane: 1, state: 'waiting', startNs: 15_000_000, endNs: 30_000_000, place: null },
      holders: [{ lane: 0, place: null, ns: 15_000_000 }],
      holds: [{ lane: 0, startNs: 15_000_000, endNs: 30_000_000, place: null }],
      releasedBy: { lane: 0, startNs: 10_000_000, endNs: 30_000_000, place: null },
    });
    const tile = await worker.chart({ kind: 'tile', level: 9, index: 0, page: 0 });
    assert.ok(tile.kind === 'tile');
    // Bin 128 is 20–20.16 ms: thread 1 holds, thread 2 waits.
    const bytes = Buffer.from(tile.base64, 'base64');
    assert.deepEqual([...bytes.subarray(128 * 4, 129 * 4)], [255, 0, 0, 0]);
    assert.deepEqual([...bytes.subarray((512 + 128) * 4, (512 + 129) * 4)], [0, 255, 0, 0]);
    await worker.close();
  });

  it('reads all in one call', async () => {
    const { path } = writeRun('finished');
    const worker = openProfileWorker(path, { workerFile, chart: false });
    const profile = await worker.snapshot();
    assert.equal(profile.threads.length, 2);
    assert.deepEqual(await worker.chart({ kind: 'meta' }), { kind: 'meta', meta: null });
    await worker.close();
  });

  it('says what cannot be read, and that it is closed', async () => {
    const missing = join(folder, 'missing.gilscope');
    const worker = openProfileWorker(missing, { workerFile });
    await assert.rejects(worker.snapshot(), (error) => {
      assert.ok(error instanceof ProfileError);
      assert.match(error.message, /missing\.gilscope.*cannot be read/);
      return true;
    });
    const late = assert.rejects(worker.poll(true), /closed/);
    await worker.close();
    await late;
    await assert.rejects(worker.poll(true), /closed/);
  });

  it('says that its bundle is missing, or that it crashed, instead of hanging', async () => {
    const absent = openProfileWorker('x.gilscope', { workerFile: join(folder, 'absent.js') });
    await assert.rejects(
      absent.poll(true),
      /x\.gilscope: GILscope's profile-worker\.js is missing/,
    );
    const broken = join(folder, 'broken.js');
    writeFileSync(broken, "setImmediate(() => { throw new Error('out of luck'); });");
    await assert.rejects(
      openProfileWorker('x.gilscope', { workerFile: broken }).poll(true),
      /x\.gilscope: the analysis stopped \(out of luck\)/,
    );
    const silent = join(folder, 'silent.js');
    writeFileSync(silent, '');
    await assert.rejects(
      openProfileWorker('x.gilscope', { workerFile: silent }).poll(true),
      /x\.gilscope: the analysis ended before it was done/,
    );
  });
});
