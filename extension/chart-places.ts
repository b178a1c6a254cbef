import type { Place } from '../server/protocol';
import type { ChartMeta, Segment } from '../server/protocol-chart';
import type { AnalysisAnswer } from '../server/protocol-analysis';
import type { ComparisonView } from '../server/protocol-comparison';

/** The places that the current profile names: the only ones that the chart may open. */
export class ChartPlaces {
  private readonly known = new Set<string>();

  /** Forgets all and takes those of a profile. */
  reset(meta: ChartMeta | null): void {
    this.known.clear();
    if (!meta) return;
    for (const line of meta.lines) this.add(line);
    for (const place of meta.blame.places) this.add(place);
    for (const { where } of meta.findings) this.add(where);
    for (const { createdAt } of meta.locks) this.add(createdAt);
  }

  addSegment(segment: Segment | null): void {
    if (!segment) return;
    this.add(segment.place);
    for (const { place } of [...segment.holders, ...segment.holds]) this.add(place);
    this.add(segment.releasedBy?.place ?? null);
    this.add(segment.givenAt ?? null);
  }

  /** Those of the later run: the files are as that one had them. */
  addComparison(view: ComparisonView | null): void {
    for (const { after } of view?.comparison.lines ?? []) this.add(after);
  }

  addAnswer(answer: AnalysisAnswer | null): void {
    if (answer === null) return;
    switch (answer.kind) {
      case 'sums':
        for (const line of answer.sums.lines) this.add(line);
        return;
      case 'flame':
        for (const frame of answer.flame.frames) this.add(frame);
        return;
      case 'segments':
        for (const segment of answer.segments) this.addSegment(segment);
        return;
      case 'evidence':
      case 'longestAt':
        this.addSegment(answer.segment);
        return;
      case 'curves':
      case 'idle':
      case 'lanesAt':
        return;
    }
  }

  has(file: string, line: number): boolean {
    return this.known.has(key(file, line));
  }

  private add(place: Pick<Place, 'file' | 'line'> | null): void {
    if (place) this.known.add(key(place.file, place.line));
  }
}

function key(file: string, line: number): string {
  return `${line} ${file}`;
}
