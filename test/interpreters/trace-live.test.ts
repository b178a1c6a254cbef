/** A trace that is read while the program writes it says in the end what it says when read once, and when packed. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { inspectInterpreter } from '../../server/interpreter/inspect-interpreter';
import { environmentFor, makeLaunch } from '../../server/interpreter/launch';
import { nativeFiles } from '../../server/interpreter/platform';
import type { TraceState } from '../../server/trace/events';
import { packRun } from '../../server/trace/container-writer';
import { openRun, openRunSource } from '../../server/trace/run-reader';
import { CollectingSink, comparable } from '../support/collect-events';
import { gilPythons, titleOf } from '../support/pythons';
import { dist } from '../support/run-profile';

const root = mkdtempSync(join(tmpdir(), 'gilscope-live-'));
after(() => rmSync(root, { recursive: true }));

const POLL_MS = 10;

interface LiveRun {
  readonly folder: string;
  readonly sink: CollectingSink;
  readonly state: TraceState;
  /** Readings at which a hold, a wait was going on. */
  readonly holds: number;
  readonly waits: number;
}

/** Runs a program and reads its trace all the time; kills it when `killAt` cycles were read. */
async function tail(python: string, program: string[], killAt = Infinity): Promise<LiveRun> {
  const folder = mkdtempSync(join(root, 'run-'));
  const [path = '', ...args] = program;
  const launch = makeLaunch({
    interpreter: await inspectInterpreter(python, { cwd: root, env: process.env }),
    native: nativeFiles(join(dist, 'native')),
    target: { kind: 'file', path: resolve('test/fixtures/programs', path) },
    args,
    cwd: root,
    runFolder: folder,
    env: process.env,
  });
  const env = environmentFor(launch, process.env);
  const child = spawn(launch.executable, launch.args, { cwd: root, env, stdio: 'inherit' });
  const exited = once(child, 'exit');
  const reader = openRun(folder);
  const sink = new CollectingSink();
  let holds = 0;
  let waits = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const state = reader.read(sink, false);
    holds += Number(state.gils.some((gil) => gil.openHold !== null));
    waits += Number(state.threads.some((thread) => thread.openWait !== null));
    if (sink.allCycles.length >= killAt) child.kill('SIGKILL');
    await pause(POLL_MS);
  }
  await exited;
  return { folder, sink, state: reader.read(sink, true), holds, waits };
}

async function agrees({ folder, sink, state }: LiveRun): Promise<void> {
  const whole = new CollectingSink();
  const once = comparable(whole, openRun(folder).read(whole, true));
  assert.deepEqual(comparable(sink, state), once);
  const file = join(folder, 'profile.gilscope');
  await packRun(openRunSource(folder), file);
  const packed = new CollectingSink();
  assert.deepEqual(comparable(packed, openRun(file).read(packed, true)), once);
}

/** One for each minor version: this is about files, not about linkage. */
const pythons = new Map(gilPythons().map((python) => [python.minor, python]));

for (const python of pythons.values()) {
  test(`tailing a program of many short holds on ${titleOf(python)}`, async () => {
    const run = await tail(python.path, ['ping_pong.py', '20000']);
    assert.ok(run.sink.allCycles.length > 40_000);
    assert.deepEqual(
      run.state.processes.map(({ ended, messages }) => [ended, messages]),
      [[true, []]],
    );
    await agrees(run);
  });

  test(`killed in the middle on ${titleOf(python)}`, async () => {
    const run = await tail(python.path, ['ping_pong.py', '2000000'], 30_000);
    assert.ok(run.sink.allCycles.length >= 30_000);
    assert.deepEqual(
      run.state.processes.map(({ lostEvents }) => lostEvents),
      [0],
    );
    await agrees(run);
  });

  test(`holds and waits that are going on, on ${titleOf(python)}`, async () => {
    const run = await tail(python.path, ['cpu_two_threads.py', '3', '1']);
    assert.ok(run.holds > 2 && run.waits > 2, `${run.holds} holds, ${run.waits} waits`);
    await agrees(run);
  });
}
