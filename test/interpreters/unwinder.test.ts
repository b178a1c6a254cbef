/**
 * The probe unwinds the interpreter's C stack by tables that others wrote. Whatever they say, it reads nothing outside of
 * them: damaged in every way, under AddressSanitizer and UndefinedBehaviorSanitizer.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { testPythons } from '../../scripts/pythons.mjs';
import { inspect } from '../support/measured-run';
import { titleOf } from '../support/pythons';

const COUNT = 5000;
const SOURCES = ['test/recorder/unwind_damage.c', 'server/interpreter/native/unwind_elf.c'];
const CHECKS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-g', ...CHECKS, ...SOURCES];

const folder = mkdtempSync(join(tmpdir(), 'gilscope-unwinder-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, 'unwind_damage');
const built = spawnSync(process.env['CC'] ?? 'cc', [...FLAGS, '-o', program], { encoding: 'utf8' });
const skip = built.status === 0 ? false : 'no C compiler with sanitizers';

describe('unwinding by damaged tables', { skip }, () => {
  for (const python of testPythons()) {
    it(`of ${titleOf(python)}`, async () => {
      const { library } = await inspect(python.path);
      const seed = String(Math.floor(Math.random() * 1e9));
      const args = [library ?? realpathSync(python.path), String(COUNT), seed];
      const done = spawnSync(program, args, { encoding: 'utf8', timeout: 120_000 });
      assert.equal(done.status, 0, `seed ${seed}: ${done.stderr}`);
      const [whole = 0, damaged = 0] = done.stdout.split(' ').map(Number);
      assert.ok(whole > COUNT, `only ${whole} steps by sound tables`);
      assert.ok(damaged > 0 && damaged < whole, `${damaged} of ${whole} steps`);
    });
  }
});
