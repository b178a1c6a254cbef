import { alignLines } from './line-alignment';

/** One change of a document, positions before the change, as an editor reports them. */
export interface LineChange {
  readonly startLine: number;
  readonly startCharacter: number;
  readonly endLine: number;
  readonly endCharacter: number;
  readonly text: string;
}

/** A line of the document as it is now. */
export interface LineState {
  /** Of the text without blanks at its end. */
  readonly hash: string;
  /** Characters without blanks at the end. */
  readonly length: number;
}

/** Where a line of the profiled text is now, 0-based. */
export interface CurrentLine {
  /** Of one that is not there: the line in its place. */
  readonly line: number;
  /** False: it was changed or removed. */
  readonly isThere: boolean;
}

interface TrackedLine extends LineState {
  /** Index of the line in the profiled text, -1: changed or new. */
  readonly origin: number;
}

/** A line inside a change, to be compared anew. */
type Slot = TrackedLine | null;

/**
 * Follows the lines of a profiled text through edits. The edits say where a line went, which no comparison of texts can
 * where lines repeat; the hashes say whether it is still the same line, so that undo brings a line back.
 */
export class LineTracking {
  private readonly profiled: readonly string[];
  private lines: TrackedLine[];

  constructor(profiled: readonly string[], current: readonly LineState[]) {
    this.profiled = profiled;
    const origins = alignLines(
      profiled,
      current.map((line) => line.hash),
    );
    this.lines = current.map((line, i) => ({ ...line, origin: origins[i] ?? -1 }));
  }

  /** Where each profiled line is now (both 0-based); lines that changed or went are absent. */
  positions(): Map<number, number> {
    const positions = new Map<number, number>();
    this.lines.forEach((line, i) => {
      if (line.origin >= 0) positions.set(line.origin, i);
    });
    return positions;
  }

  /** @param profiled 0-based. A line that the text never had, of code made up at run time, stays where it is. */
  lineNow(profiled: number): CurrentLine {
    if (!(profiled in this.profiled)) return { line: profiled, isThere: true };
    const found = this.lines.findIndex(({ origin }) => origin === profiled);
    if (found >= 0) return { line: found, isThere: true };
    const above = this.lines.reduce(
      (best, { origin }, i) => (origin < profiled && origin > best.origin ? { origin, i } : best),
      { origin: -1, i: -1 },
    );
    return { line: above.i + 1, isThere: false };
  }

  /** Whether the text is not the profiled one; blank lines at the end do not count. */
  isEdited(): boolean {
    const blank = this.blankHash();
    const end = (hashes: readonly string[]): number => hashes.findLastIndex((h) => h !== blank) + 1;
    const length = end(this.profiled);
    if (end(this.lines.map((line) => line.hash)) !== length) return true;
    return this.lines.slice(0, length).some((line, i) => line.origin !== i);
  }

  /**
   * Takes over the changes of one event, which do not overlap.
   *
   * @param lineAt a line of the document after all of them
   */
  edit(changes: readonly LineChange[], lineAt: (line: number) => LineState): void {
    const slots: Slot[] = this.lines;
    const fromTheEnd = [...changes].sort(
      (a, b) => b.startLine - a.startLine || b.startCharacter - a.startCharacter,
    );
    const next = [...slots];
    for (const change of fromTheEnd) replaceLines(next, change);
    this.lines = this.restored(this.compare(next, lineAt));
  }

  /** The profiled text again, as after undo: each line is what it was, whatever it was taken for on the way. */
  private restored(lines: TrackedLine[]): TrackedLine[] {
    const isProfiled =
      lines.length === this.profiled.length &&
      lines.every((line, i) => line.hash === this.profiled[i]);
    return isProfiled ? lines.map((line, i) => ({ ...line, origin: i })) : lines;
  }

  private compare(slots: readonly Slot[], lineAt: (line: number) => LineState): TrackedLine[] {
    const lines = slots.map((slot, i) => slot ?? { ...lineAt(i), origin: -1 });
    const fresh: number[] = [];
    for (let from = 0; from < slots.length; from++) {
      if (slots[from] !== null) continue;
      let to = from;
      while (to < slots.length && slots[to] === null) fresh.push(to++);
      this.alignRun(lines, from, to);
      from = to;
    }
    this.claimMovedLines(lines, fresh);
    return lines;
  }

  /** Compares the lines from … to with those that were between their neighbours when profiled. */
  private alignRun(lines: TrackedLine[], from: number, to: number): void {
    let above = from - 1;
    while (above >= 0 && lines[above]?.origin === -1) above--;
    let below = to;
    while (below < lines.length && lines[below]?.origin === -1) below++;
    const oldFrom = (lines[above]?.origin ?? -1) + 1;
    const oldTo = lines[below]?.origin ?? this.profiled.length;
    const keep = (i: number, origin: number): void => {
      const line = lines[i];
      if (line) lines[i] = { ...line, origin };
    };
    if (oldTo - oldFrom === below - above - 1) {
      // As many lines as there were: each is compared with the one that was in its place.
      for (let i = from; i < to; i++) {
        const old = oldFrom + (i - above - 1);
        if (this.profiled[old] === lines[i]?.hash) keep(i, old);
      }
      return;
    }
    const origins = alignLines(
      this.profiled.slice(oldFrom, Math.max(oldFrom, oldTo)),
      lines.slice(from, to).map((line) => line.hash),
    );
    origins.forEach((origin, i) => {
      if (origin >= 0) keep(from + i, oldFrom + origin);
    });
  }

  /** A new line with the text of a profiled one that is unique and now missing is that line, moved. */
  private claimMovedLines(lines: TrackedLine[], fresh: readonly number[]): void {
    const unknown = fresh.filter((i) => lines[i]?.origin === -1);
    if (unknown.length === 0) return;
    const present = new Set(lines.map((line) => line.origin));
    const oldAt = new Map<string, number>();
    this.profiled.forEach((hash, i) => oldAt.set(hash, oldAt.has(hash) ? -1 : i));
    for (const i of unknown) {
      const line = lines[i];
      const old = line && oldAt.get(line.hash);
      if (!line || old === undefined || old < 0 || present.has(old)) continue;
      lines[i] = { ...line, origin: old };
      present.add(old);
    }
  }

  private blankHash(): string | undefined {
    return this.lines.find((line) => line.length === 0)?.hash;
  }
}

/** Puts empty slots where a change left something to compare; lines that it only touches at their edge stay. */
function replaceLines(slots: Slot[], change: LineChange): void {
  const { startCharacter, endCharacter, text } = change;
  let from = change.startLine;
  let to = change.endLine + 1;
  let count = text.split(/\r\n|\r|\n/).length;
  const startsAtLineEnd = startCharacter >= (slots[from]?.length ?? Infinity);
  const endsAtLineEnd = endCharacter >= (slots[change.endLine]?.length ?? Infinity);
  if (endCharacter === 0 && (/[\r\n]$/.test(text) || (text === '' && startCharacter === 0))) {
    to--;
    count--;
  } else if (startsAtLineEnd && (/^[\r\n]/.test(text) || (text === '' && endsAtLineEnd))) {
    from++;
    count--;
  }
  slots.splice(from, Math.max(0, to - from), ...new Array<Slot>(Math.max(0, count)).fill(null));
}
