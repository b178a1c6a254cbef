/** The scripts of the project say what they take, and what they do not. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';

const SCRIPTS = ['accuracy', 'bench', 'conformance', 'fuzz', 'sanitize', 'survival'];

function run(script: string, ...args: string[]) {
  return spawnSync(process.execPath, [`scripts/${script}.mjs`, ...args], { encoding: 'utf8' });
}

for (const script of SCRIPTS) {
  test(`npm run ${script}: --help, and an option that it does not have`, () => {
    const help = run(script, '--help');
    assert.equal(help.status, 0, help.stderr);
    assert.match(help.stdout, new RegExp(`^\`npm run ${script}\\b[^]*--write `));
    const wrong = run(script, '--nonesuch');
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, /^Unknown option '--nonesuch'/);
    assert.ok(wrong.stderr.endsWith(`\n\n${help.stdout}`), wrong.stderr);
  });
}

test('a number that is none is refused', () => {
  for (const value of ['many', '-1', '']) {
    const { status, stderr } = run('bench', `--rounds=${value}`);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(`^--rounds takes a number, not “${value}”\\.\\n`));
  }
});
