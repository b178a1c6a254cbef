import { existsSync } from 'node:fs';
import { basename, extname, join } from 'node:path';
import type { RunCommand } from './options';

/** A file in this folder that is not there yet: `script-20260101-120000.gilscope`, local time. */
export function newProfilePath(folder: string, target: RunCommand['target'], now: Date): string {
  const stem =
    target.kind === 'module' ? target.module : basename(target.path, extname(target.path));
  const base = join(folder, `${stem || 'profile'}-${stamp(now)}`);
  for (let number = 1; ; number++) {
    const path = `${base}${number === 1 ? '' : `-${number}`}.gilscope`;
    if (!existsSync(path)) return path;
  }
}

function stamp(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}${two(time.getMonth() + 1)}${two(time.getDate())}`;
  return `${date}-${two(time.getHours())}${two(time.getMinutes())}${two(time.getSeconds())}`;
}
