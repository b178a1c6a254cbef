import { accessSync, constants, statSync, type Stats } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, isAbsolute, join, resolve, sep } from 'node:path';

/** Where the executable is in a virtual environment's folder. */
export function venvExecutable(folder: string): string {
  return process.platform === 'win32'
    ? join(folder, 'Scripts', 'python.exe')
    : join(folder, 'bin', 'python');
}

/** Where the executable is in a conda environment's folder. */
export function condaExecutable(folder: string): string {
  return process.platform === 'win32' ? join(folder, 'python.exe') : join(folder, 'bin', 'python');
}

export function isFile(path: string): boolean {
  return statOf(path)?.isFile() ?? false;
}

export function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    // Not there, or in a folder that this user may not enter.
    return undefined;
  }
}

/** Every executable file of this name on PATH, in its order. */
export function onPath(name: string, env: NodeJS.ProcessEnv, cwd: string): string[] {
  const file = process.platform === 'win32' && !name.endsWith('.exe') ? `${name}.exe` : name;
  return (env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => resolve(cwd, folder, file))
    .filter((path, at, all) => isRunnable(path) && all.indexOf(path) === at);
}

function isRunnable(path: string): boolean {
  if (!isFile(path)) return false;
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * The path that a user means: `~`, `${workspaceFolder}`, `${userHome}`, `${env:NAME}`, relative to the workspace's or
 * current folder; a folder means the environment in it. A bare name is left as it is, for PATH.
 */
export function resolveChoice(
  choice: string,
  where: {
    readonly workspaceFolder: string | null;
    readonly cwd: string;
    readonly env: NodeJS.ProcessEnv;
  },
): string {
  const base = where.workspaceFolder ?? where.cwd;
  const path = choice
    .replace(/^~(?=$|[\\/])/, () => homedir())
    .replaceAll('${workspaceFolder}', () => base)
    .replaceAll('${userHome}', () => homedir())
    .replace(/\$\{env:(\w+)\}/g, (_, name: string) => where.env[name] ?? '');
  if (!isAbsolute(path) && !path.includes('/') && !path.includes(sep)) return path;
  const absolute = resolve(base, path);
  return isFolder(absolute) ? environmentExecutable(absolute) : absolute;
}

function environmentExecutable(folder: string): string {
  return [venvExecutable(folder), condaExecutable(folder)].find(isFile) ?? folder;
}
