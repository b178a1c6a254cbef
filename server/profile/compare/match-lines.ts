import type { LineMatch } from '../../protocol-comparison';
import { mapLines } from '../line-map';

/** Where a line of one text is in another. */
export interface FoundLine {
  /** 1-based. */
  readonly line: number;
  readonly match: Extract<LineMatch, 'same' | 'edited' | 'number'>;
}

/**
 * For each line of a text (1-based) the line that it has become; absent where it is gone. A stretch of lines that was
 * replaced by as many is taken to be these lines, edited.
 * @param before Hashes of the lines; null: the text is not known.
 */
export function matchLines(
  before: readonly string[] | null,
  after: readonly string[] | null,
): (line: number) => FoundLine | null {
  if (before === null || after === null) return (line) => ({ line, match: 'number' });
  const map = mapLines(before, after);
  const edited = editedLines(map, after.length);
  return (line) => {
    // All that is known is the file.
    if (line === 0) return { line, match: 'number' };
    const same = map[line - 1] ?? -1;
    if (same >= 0) return { line: same + 1, match: 'same' };
    const other = edited.get(line - 1);
    return other === undefined ? null : { line: other + 1, match: 'edited' };
  };
}

function editedLines(map: Int32Array, afterLength: number): ReadonlyMap<number, number> {
  const edited = new Map<number, number>();
  let from = 0;
  let afterFrom = 0;
  for (let line = 0; line <= map.length; line++) {
    const found = line === map.length ? afterLength : (map[line] ?? -1);
    if (found < 0) continue;
    if (line - from === found - afterFrom) {
      for (let step = 0; step < line - from; step++) edited.set(from + step, afterFrom + step);
    }
    from = line + 1;
    afterFrom = found + 1;
  }
  return edited;
}
