/**
 * For each file of one run that of the other. The same path counts first; then the longest equal end of two paths, for
 * a checkout in another folder, where that is the only such pair.
 */
export function matchFiles(
  before: ReadonlySet<string>,
  after: ReadonlySet<string>,
): ReadonlyMap<string, string> {
  const matched = new Map(
    [...before].filter((file) => after.has(file)).map((file) => [file, file]),
  );
  const oldLeft = [...before].filter((file) => !after.has(file) && isPath(file));
  const newLeft = [...after].filter((file) => !before.has(file) && isPath(file));
  for (const file of oldLeft) {
    const other = nearest(file, newLeft);
    if (other !== null && nearest(other, oldLeft) === file) matched.set(file, other);
  }
  return matched;
}

function isPath(file: string): boolean {
  return file !== '' && !file.startsWith('<');
}

/** The path with the longest equal end; null where there is none, or more than one. */
function nearest(file: string, others: readonly string[]): string | null {
  let best: string | null = null;
  let bestLength = 0;
  for (const other of others) {
    const length = commonEnd(file, other);
    if (length > bestLength) [best, bestLength] = [other, length];
    else if (length === bestLength) best = null;
  }
  return best;
}

/** Parts that two paths have in common at their ends. */
function commonEnd(a: string, b: string): number {
  const [left, right] = [a.split(/[\\/]/).reverse(), b.split(/[\\/]/).reverse()];
  let length = 0;
  while (length < left.length && left[length] === right[length]) length++;
  return length;
}
