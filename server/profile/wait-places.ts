import type { Place } from '../protocol';
import { type Books, CELL } from './books';
import { KeyIndex } from './key-index';
import type { LineIndex } from './line-index';
import { Table } from './table';

/** By lane: the line at which it waited most for its GIL; absent: it never waited. */
export function waitPlacesOf({ cells, cellSums }: Books, lines: LineIndex): Map<number, Place> {
  const sums = new Table(1);
  const keys = new KeyIndex();
  for (let cell = 0; cell < cells.count; cell++) {
    const key = keys.of(cells.firstOf(cell), lines.lineOf(cells.secondOf(cell)));
    sums.ensure(key);
    sums.add(key, 0, cellSums.get(cell, CELL.waitNs));
  }
  const places = new Map<number, Place>();
  const mostNs = new Map<number, number>();
  for (let key = 0; key < keys.count; key++) {
    const lane = keys.firstOf(key);
    const ns = sums.get(key, 0);
    if (ns <= (mostNs.get(lane) ?? 0)) continue;
    mostNs.set(lane, ns);
    places.set(lane, lines.placeOf(keys.secondOf(key)));
  }
  return places;
}
