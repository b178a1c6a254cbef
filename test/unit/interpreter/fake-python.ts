import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder that goes with its test. */
export function temporaryFolder(t: TestContext, name = 'gilscope test é'): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes an executable shell script. */
export function writeScript(path: string, ...lines: string[]): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

export interface FakeFacts {
  readonly implementation?: string;
  readonly version?: string;
  readonly hexVersion?: number;
  readonly executable?: string;
  readonly bits?: number;
  readonly runtimeFile?: string | null;
  readonly libc?: string;
}

/** A script that answers as a Python would. */
export function writeFakePython(path: string, facts: FakeFacts = {}): string {
  const answer = {
    gilscope: 1,
    implementation: 'cpython',
    version: '3.12.1',
    hexVersion: 0x030c01f0,
    executable: path,
    freeThreaded: false,
    bits: 64,
    prefix: '/p',
    basePrefix: '/p',
    runtimeFile: '/p/bin/python',
    executableFile: '/p/bin/python',
    libc: 'glibc',
    ...facts,
  };
  return writeScript(path, "cat <<'END'", JSON.stringify(answer), 'END');
}
