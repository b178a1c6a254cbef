import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';

const CHECKS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-g', ...CHECKS];

export interface CheckedProgram {
  /** Why it cannot be run here, or false. */
  readonly skip: string | false;
  /** Runs it with these arguments and a seed of its own as the last; what it printed. A complaint of a sanitizer fails. */
  run(...args: readonly string[]): string;
}

/** A C program of tests under AddressSanitizer and UndefinedBehaviorSanitizer, there until the tests of the file are over. */
export function checkedProgram(name: string, sources: readonly string[]): CheckedProgram {
  const folder = mkdtempSync(join(tmpdir(), `gilscope-${name}-`));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, name);
  const compiler = process.env['CC'] ?? 'cc';
  const built = spawnSync(compiler, [...FLAGS, ...sources, '-o', program], { encoding: 'utf8' });
  return {
    skip: built.status === 0 ? false : 'no C compiler with sanitizers',
    run: (...args) => {
      const seed = String(Math.floor(Math.random() * 1e9));
      const done = spawnSync(program, [...args, seed], { encoding: 'utf8', timeout: 120_000 });
      assert.equal(done.status, 0, `seed ${seed}: ${done.signal ?? ''} ${done.stderr}`);
      return done.stdout;
    },
  };
}
