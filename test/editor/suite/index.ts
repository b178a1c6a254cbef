/** What runs inside VS Code's extension host: every *.test.cjs beside this file, by Mocha. */
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

/** One test's outcome, as scripts/testing/editor.mjs reads it. */
interface Outcome {
  readonly name: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  readonly error?: string;
}

/** Called by VS Code. @throws when a test failed or none ran. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', color: false, timeout: 60_000, reporter: 'dot' });
  const files = readdirSync(__dirname).filter((name) => name.endsWith('.test.cjs'));
  for (const name of files.sort()) mocha.addFile(join(__dirname, name));
  const outcomes: Outcome[] = [];
  const resultFile = process.env['GILSCOPE_SUITE_RESULT'];
  // After each test: what a crash of the host leaves behind is true as well.
  const add = (outcome: Outcome): void => {
    outcomes.push(outcome);
    if (resultFile !== undefined)
      writeFileSync(resultFile, JSON.stringify({ ended: false, outcomes }));
  };
  const failures = await new Promise<number>((settle) => {
    const runner = mocha.run(settle);
    runner.on('pass', (test) => add({ name: test.fullTitle(), state: 'passed' }));
    runner.on('pending', (test) => add({ name: test.fullTitle(), state: 'skipped' }));
    runner.on('fail', (test, error: Error) =>
      add({ name: test.fullTitle(), state: 'failed', error: error.stack ?? error.message }),
    );
  });
  if (resultFile !== undefined)
    writeFileSync(resultFile, JSON.stringify({ ended: true, outcomes }));
  if (failures > 0) throw new Error(`${failures} tests failed`);
  if (outcomes.length === 0) throw new Error('no test ran');
}
