// Results of measurements that are taken in pieces, one JSON file for each interpreter below build/ of the current folder.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** Tells results of one state of the product from those of another; of a library by what it does and not by its comments. */
export function fingerprint(files) {
  const hash = createHash('sha256');
  for (const file of files) {
    const path = resolve(file);
    hash.update((file.endsWith('.so') && codeOf(path)) || readFileSync(path));
  }
  return hash.digest('hex').slice(0, 16);
}

/** Without what names places in the source; null where the binutils are not there. */
function codeOf(path) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-code-'));
  const out = join(folder, 'code');
  const sections = ['.text', '.rodata', '.data'].flatMap((name) => ['-j', name]);
  const done = spawnSync('objcopy', ['-O', 'binary', ...sections, path, out]);
  const code = done.status === 0 ? readFileSync(out) : null;
  rmSync(folder, { recursive: true });
  return code;
}

export class KeptResults {
  constructor(name, mark) {
    this.folder = resolve('build', name);
    this.mark = mark;
    mkdirSync(this.folder, { recursive: true });
  }

  path(python) {
    return join(this.folder, `${python.version}-${python.linkage}-${this.mark}.json`);
  }

  /** What was kept of this interpreter: any value by key. Of another state of the product: nothing. */
  load(python) {
    let kept;
    try {
      kept = JSON.parse(readFileSync(this.path(python), 'utf8'));
    } catch (error) {
      if (error.code !== 'ENOENT' && !(error instanceof SyntaxError)) throw error;
    }
    return kept ?? {};
  }

  save(python, values) {
    writeFileSync(this.path(python), JSON.stringify(values, null, 1));
  }

  /** Of this state only: one goes back to another. */
  forget() {
    for (const name of readdirSync(this.folder))
      if (name.endsWith(`-${this.mark}.json`)) rmSync(join(this.folder, name));
  }
}

/** Time that a piece of a long measurement may take. */
export class Allowance {
  constructor(seconds) {
    this.end = Date.now() + seconds * 1000;
  }

  get isSpent() {
    return Date.now() >= this.end;
  }
}

/** By linear interpolation between neighbours. */
export function quantile(numbers, share) {
  const ordered = [...numbers].sort((a, b) => a - b);
  const at = (ordered.length - 1) * share;
  const below = ordered[Math.floor(at)];
  return below + (ordered[Math.ceil(at)] - below) * (at - Math.floor(at));
}

export const median = (numbers) => quantile(numbers, 0.5);

/** The words of an option such as `3.12,static`. */
export const wordsOf = (text) => text.split(',').filter(Boolean);

/** How busy the machine was while these were taken: a line for the reader of a document. */
export function loadLine(measured, cores) {
  const loads = measured.map(({ load }) => load).filter((load) => load !== undefined);
  if (loads.length === 0) return '';
  const [low, middle, high] = [0.1, 0.5, 0.9].map((share) => quantile(loads, share).toFixed(1));
  const busy = median(loads) > 1.5 * cores;
  return (
    `Load average of the machine meanwhile (${cores} cores): ${middle}, from ${low} to ${high} in the middle four fifths. ` +
    (busy
      ? '**Other programs kept it busy: times differ for that reason too, and the spread shows by how much.**'
      : 'It was quiet.')
  );
}
