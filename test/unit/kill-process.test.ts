/** A test that reads half of a line must not kill its own process group, and the whole run with it. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { killProcess } from '../support/kill-process';

describe('killing a process', () => {
  it('refuses what is no process id', () => {
    for (const pid of [Number('\n'), Number(''), Number('x'), 0, 1, -5, 1.5]) {
      assert.throws(() => killProcess(pid), /^Error: not the id of a process: /);
    }
  });

  it('is done that way by all tests', () => {
    const folders = ['interpreters', 'support', 'unit'].map((name) => join('test', name));
    const files = folders.flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name)),
    );
    const sources = files.filter((file) => file.endsWith('.ts') && !file.includes('kill-process'));
    assert.ok(sources.length > 100);
    // A whole group, by the id that spawning it gave, and asking whether one is there, are something else.
    const killing = sources.filter((file) =>
      /process\.kill\((?!-child\.pid)[^)]*(?:'SIG|\bsignal\b)/.test(readFileSync(file, 'utf8')),
    );
    assert.deepEqual(killing, []);
  });
});
