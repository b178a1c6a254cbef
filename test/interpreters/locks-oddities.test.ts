/** The probe changes nothing of what locks do; and who waits for whom is seen while a program stands still. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { TraceState } from '../../server/trace/events';
import { gilPythons, titleOf } from '../support/pythons';
import { lineIn, programFile, tracedRun } from '../support/traced-run';

for (const python of gilPythons()) {
  describe(`locks on ${titleOf(python)}`, () => {
    it('do what they do without the probe', async () => {
      const program = 'lock_oddities.py';
      const plain = spawnSync(python.path, [programFile(program)], { encoding: 'utf8' });
      assert.equal(plain.status, 0, plain.stderr);
      const run = await tracedRun(python.path, program);
      assert.equal(run.stdout, plain.stdout);
      assert.deepEqual(
        run.state.processes.map(({ messages }) => messages),
        run.state.processes.map(() => []),
      );
    });
    it('a deadlock is seen while it lasts, and after a kill', () => deadlock(python.path));
  });
}

/** Names of the threads that wait for a lock, with that of the owner. */
function waiting(state: TraceState): string[] {
  return state.threads.flatMap(({ name, openLockWait }) => {
    const held = state.locks[openLockWait?.lock ?? -1]?.openHold;
    const waits = openLockWait !== null && (name === 'left' || name === 'right');
    if (!waits || held === null || held === undefined) return [];
    const owner = state.threads[openLockWait.ownerThread ?? -1]?.name ?? '';
    return [`${name} waits for ${owner} ${String(held.thread === openLockWait.ownerThread)}`];
  });
}

async function deadlock(python: string): Promise<void> {
  const program = 'deadlock.py';
  const both = ['left waits for right true', 'right waits for left true'];
  const run = await tracedRun(python, program, [], (state) => waiting(state).length === 2);
  assert.deepEqual(waiting(run.state).sort(), both);
  const { state } = run;
  for (const { name, openLockWait } of state.threads) {
    if (openLockWait === null || name === 'MainThread') continue;
    assert.equal(lineIn(state.stacks, openLockWait.stack, program), 13);
    const held = state.locks[openLockWait.lock]?.openHold ?? assert.fail();
    assert.equal(lineIn(state.stacks, held.stack, program), 11);
  }
}
