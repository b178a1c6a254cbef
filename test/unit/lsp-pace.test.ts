import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Pace } from '../../server/lsp/pace';
import { progressText } from '../../server/lsp/progress';
import { endMessage } from '../../server/lsp/run-end';
import { packHashes, restoreText } from '../../server/lsp/stored-hashes';
import { sourceTextOf } from '../../server/lsp/source-text';
import { Wakeup } from '../../server/lsp/wakeup';

void test('a cheap read comes at its regular time, a dear one takes a tenth of the time', async () => {
  let nowMs = 0;
  const pace = new Pace(250, 500, () => nowMs);
  const taking = (ms: number) => (): Promise<void> => {
    nowMs += ms;
    return Promise.resolve();
  };
  assert.equal(pace.isTimeToShow(), true);
  // The first has to wake up everything, and tells nothing of those to come.
  await pace.read(taking(2000));
  assert.equal(pace.pauseMs(), 250);
  await pace.read(taking(2));
  assert.equal(pace.pauseMs(), 250);
  await pace.read(taking(100));
  assert.equal(pace.pauseMs(), 900);
  await pace.read(taking(60_000));
  assert.equal(pace.pauseMs(), 10_000);
  await pace.show(taking(5000));
  nowMs += 499;
  assert.equal(pace.isTimeToShow(), false);
  nowMs += 1;
  assert.equal(pace.isTimeToShow(), true);
  await pace.show(taking(300));
  nowMs += 2999;
  assert.equal(pace.isTimeToShow(), false);
  nowMs += 1;
  assert.equal(pace.isTimeToShow(), true);
});

void test('what failed took its time too', async () => {
  let nowMs = 0;
  const pace = new Pace(250, 500, () => nowMs);
  await pace.read(() => Promise.resolve());
  await assert.rejects(
    pace.read(() => {
      nowMs += 200;
      return Promise.reject(new Error('no'));
    }),
  );
  assert.equal(pace.pauseMs(), 1800);
});

void test('a pause ends when it is woken, also when that came before it', async () => {
  const wakeup = new Wakeup();
  const hour = 3_600_000;
  wakeup.wake();
  await wakeup.wait(hour);
  const pause = wakeup.wait(hour);
  wakeup.wake();
  await pause;
});

void test('progress says elapsed time, events and the load of the GIL', () => {
  const status = {
    state: 'running',
    elapsedMs: 12_340,
    events: 1_234_567,
    gilLoad: 0.866,
  } as const;
  assert.equal(progressText(status), '12.3 s · 1,234,567 events · GIL held 87 %');
  assert.equal(
    progressText({ ...status, elapsedMs: 125_000, events: 1, gilLoad: 1.2 }),
    '2 min 5 s · 1 event · GIL held 100 %',
  );
  assert.equal(progressText({ ...status, state: 'starting' }), 'starting');
});

void test('the end of a program is one sentence, and children that go on are another', () => {
  const end = (code: number | null, signal: string | null, stopped = false, children = 0): string =>
    endMessage('a.py', { exit: { code, signal }, stopped }, 1240, children);
  assert.equal(end(0, null), 'a.py ended after 1.24 s.');
  assert.equal(end(3, null), 'a.py ended with exit status 3 after 1.24 s.');
  assert.match(end(null, 'SIGKILL'), /^a\.py was ended by SIGKILL after 1\.24 s\..*kept\.$/);
  assert.match(end(null, 'SIGINT', true), /^a\.py was stopped after/);
  assert.match(end(null, null), /^a\.py ended after 1\.24 s; how was not seen\./);
  assert.match(end(0, null, false, 1), /1 child process of it is still running/);
  assert.match(end(0, null, false, 2), /2 child processes of it are still running/);
});

void test('the text as profiled comes back from its stored hashes, as far as it is still there', () => {
  const before = 'def f():\n    a()\n    b()\n';
  const packed = packHashes(sourceTextOf(before).lineHashes);
  assert.equal(Buffer.from(packed, 'base64').length, 4 * 8);
  assert.deepEqual(restoreText(packed, before), sourceTextOf(before));
  const now = '# new\ndef f():\n    a()\n    c()  # gilscope: hold < 1ms\n';
  const restored = restoreText(packed, now);
  const original = sourceTextOf(before).lineHashes;
  assert.deepEqual(restored.lineHashes.slice(0, 2), original.slice(0, 2));
  assert.deepEqual(restored.lineHashes[3], original[3]);
  assert.equal(restored.lineHashes[2], (original[2] ?? '').slice(0, 16).padEnd(64, '0'));
  assert.deepEqual(restored.definitions, [{ line: 1, name: 'f' }]);
  assert.deepEqual(restored.budgets.budgets, []);
});
