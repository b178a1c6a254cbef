/**
 * A small part of `npm run conformance`: CPython's own tests of threads and of fork pass under the probe, on the oldest and
 * the newest interpreter that has them. Those that do not must not pass without it either.
 */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cpythonTests } from '../../scripts/conformance/cpython-tests.mjs';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { compareOutcomes } from '../support/compare-outcomes';
import { inspect } from '../support/measured-run';
import { gilPythons, titleOf } from '../support/pythons';
import { runSuite, type Suite } from '../support/suite-run';

const names = ['test_thread', 'test_threading_local', 'test_fork1'];
const suite: Suite = { module: 'test', args: names, reportOption: '--junit-xml=', cwd: null };

const able = gilPythons().filter((python) => {
  const tests = cpythonTests(python)?.map(({ name }) => name) ?? [];
  return names.every((name) => tests.includes(name));
});
const chosen = new Set([able[0], able.at(-1)].filter((python) => python !== undefined));

if (chosen.size === 0) it("CPython's own tests", { skip: 'no interpreter here has its tests' });
for (const python of chosen) {
  it(`CPython's own tests of threads: ${titleOf(python)}`, () => conforms(python));
}

async function conforms(python: FoundPython): Promise<void> {
  const interpreter = await inspect(python.path);
  const run = (probed: boolean) => runSuite({ interpreter, suite, probed, timeoutSeconds: 200 });
  const probed = await run(true);
  assert.ok(probed.recordedProcesses > 1 && probed.recordedAcquisitions > 1000, probed.output);
  const ids = Object.keys(probed.outcomes);
  assert.ok(ids.length > 30, probed.output);
  const isGood = (id: string) => /^(passed|skipped|status 0.*)$/.test(probed.outcomes[id] ?? '');
  if (ids.every(isGood)) return;
  const { different } = compareOutcomes([(await run(false)).outcomes], [probed.outcomes]);
  assert.deepEqual(different, [], probed.output);
}
