import { existsSync, mkdtempSync, symlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { RunError } from './run-error';

/** LD_PRELOAD is a list without quoting: these would split or change a path in it. */
const UNSAFE = /[\s:$]/;

/**
 * A path of the probe that LD_PRELOAD can carry: itself, or a link to it from the run folder or from `/tmp`.
 * @throws RunError `notSupported` where there is none.
 */
export function preloadPath(probe: string, runFolder: string, fallbackFolder = '/tmp'): string {
  if (!UNSAFE.test(probe)) return probe;
  const folder = UNSAFE.test(runFolder) ? undefined : runFolder;
  try {
    const link = join(folder ?? mkdtempSync(join(fallbackFolder, 'gilscope-')), basename(probe));
    if (!existsSync(link)) symlinkSync(probe, link);
    return link;
  } catch {
    throw new RunError(
      'notSupported',
      `The path of GILscope's probe, ${probe}, has a character that LD_PRELOAD cannot carry, and no link to it could be made in ${folder ?? fallbackFolder}. ` +
        'Set TMPDIR to a folder that can be written and has no space in its path.',
    );
  }
}
