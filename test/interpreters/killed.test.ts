/**
 * `kill -9` at random moments, the same ones each time: the profile is readable and complete up to the kill.
 * GILSCOPE_KILL_SEED gives others, `npm run survival` does many more.
 */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { killedRun } from '../support/killed-run';
import { gilPythons, titleOf } from '../support/pythons';

const KILLS = 12;
const seed = Number(process.env['GILSCOPE_KILL_SEED'] ?? 0);
const pythons = gilPythons();

describe(`kill -9 at random moments, seed ${seed}`, { concurrency: 2 }, () => {
  // Every version in turn, beginning anywhere.
  for (let i = seed; pythons.length > 0 && i < seed + KILLS; i++) {
    const python = pythons[i % pythons.length];
    if (python === undefined) continue;
    it(`${titleOf(python)}, seed ${i}`, async () => {
      const { kind, killedAfterMs, faults } = await killedRun(python.path, i);
      assert.deepEqual(faults, [], `${kind}, killed after ${killedAfterMs} ms`);
    });
  }
});
