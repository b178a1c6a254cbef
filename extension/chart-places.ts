import type { ChartMeta, Place, Segment } from '../server/protocol';

/** The places that the current profile names: the only ones that the chart may open. */
export class ChartPlaces {
  private readonly known = new Set<string>();

  /** Forgets all and takes those of a profile. */
  reset(meta: ChartMeta | null): void {
    this.known.clear();
    if (!meta) return;
    for (const line of meta.lines) this.add(line);
    for (const { waiter, holder } of meta.blame) {
      this.add(waiter);
      this.add(holder);
    }
    for (const { where } of meta.findings) this.add(where);
  }

  addSegment(segment: Segment | null): void {
    if (!segment) return;
    this.add(segment.place);
    for (const { place } of segment.holders) this.add(place);
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
