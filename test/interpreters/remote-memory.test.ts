/**
 * The probe's own thread reads stacks that change under it, so any address may be garbage. It copies what is there, refuses
 * the rest, and never faults: under AddressSanitizer and UndefinedBehaviorSanitizer.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';

const COUNT = 200_000;
const SOURCES = [
  'test/recorder/remote_memory_garbage.c',
  'server/interpreter/native/remote_memory_linux.c',
];
const CHECKS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'];
const FLAGS = ['-std=c11', '-D_GNU_SOURCE', '-O1', '-g', ...CHECKS, ...SOURCES];

const folder = mkdtempSync(join(tmpdir(), 'gilscope-remote-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const program = join(folder, 'remote_memory_garbage');
const built = spawnSync(process.env['CC'] ?? 'cc', [...FLAGS, '-o', program], { encoding: 'utf8' });
const skip = built.status === 0 ? false : 'no C compiler with sanitizers';

it('garbage addresses are refused, sound ones are read', { skip }, () => {
  const seed = String(Math.floor(Math.random() * 1e9));
  const done = spawnSync(program, [String(COUNT), seed], { encoding: 'utf8', timeout: 120_000 });
  assert.equal(done.status, 0, `seed ${seed}: ${done.signal ?? ''} ${done.stderr}`);
  const [made = 0, refused = 0] = done.stdout.split(' ').map(Number);
  assert.ok(made > COUNT / 4 && refused > COUNT / 4, done.stdout);
});
