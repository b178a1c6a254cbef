import type { Place } from '../protocol';
import type { StackTable } from '../trace/events';
import { grownInts } from './table';

/** Where a thread without any Python frame is: threads of native code, and stacks that are unknown. */
export const NO_FRAME: Place = { file: '<no Python frame>', line: 0, function: '' };

/**
 * The lines of the stacks: one for each file and line, whatever the names of the functions on it (a lambda, a
 * comprehension); where the line is unknown, one for each function. Line 0 is {@link NO_FRAME}. Grows with the table.
 */
export class LineIndex {
  /** Nodes known so far. */
  nodeCount = 1;
  readonly places: Place[] = [NO_FRAME];
  readonly #lineOfPlace = new Map<string, number>();
  readonly #lineOfLocation: number[] = [];
  #lineOfNode = new Int32Array(64);
  #parent = new Int32Array(64);
  /** 1: no caller of the node is on its line, so that a recursion counts once. */
  #outermost = new Int32Array(64);
  /** Nodes that were in the table before their caller: charged as if they had none. */
  misplaced = 0;

  update(stacks: StackTable): void {
    const { nodeCount } = stacks;
    if (nodeCount > this.#parent.length) {
      this.#parent = grownInts(this.#parent, nodeCount);
      this.#lineOfNode = grownInts(this.#lineOfNode, nodeCount);
      this.#outermost = grownInts(this.#outermost, nodeCount);
    }
    for (let node = this.nodeCount; node < nodeCount; node++) this.#addNode(stacks, node);
    this.nodeCount = Math.max(nodeCount, this.nodeCount);
  }

  lineOf(node: number): number {
    return node < this.nodeCount ? (this.#lineOfNode[node] as number) : 0;
  }

  /** Node of the caller; 0: it has none. */
  parentOf(node: number): number {
    return node < this.nodeCount ? (this.#parent[node] as number) : 0;
  }

  placeOf(line: number): Place {
    return this.places[line] ?? NO_FRAME;
  }

  /** The line of a place as {@link placeOf} gave it; -1 if there is none. */
  find(file: string, line: number): number {
    return this.#lineOfPlace.get(keyOf({ file, line, function: '' })) ?? -1;
  }

  /** Sums per line, wherever the line is on the stack, from sums per node. Once per stack, even in a recursion. */
  totals(nodeNs: Float64Array): Float64Array {
    const below = nodeNs.slice(0, this.nodeCount);
    const totals = new Float64Array(this.places.length);
    for (let node = this.nodeCount - 1; node > 0; node--) {
      const ns = below[node] as number;
      if (ns === 0) continue;
      const parent = this.#parent[node] as number;
      if (parent > 0) below[parent] = (below[parent] as number) + ns;
      if (this.#outermost[node] === 0) continue;
      const line = this.#lineOfNode[node] as number;
      totals[line] = (totals[line] as number) + ns;
    }
    totals[0] = (totals[0] as number) + (below[0] as number);
    return totals;
  }

  #addNode(stacks: StackTable, node: number): void {
    let parent = stacks.parentOf(node);
    if (parent >= node) {
      this.misplaced++;
      parent = 0;
    }
    const line = this.#lineAt(stacks, stacks.locationOf(node));
    this.#parent[node] = parent;
    this.#lineOfNode[node] = line;
    let caller = parent;
    while (caller > 0 && this.#lineOfNode[caller] !== line) caller = this.#parent[caller] as number;
    this.#outermost[node] = caller > 0 ? 0 : 1;
  }

  #lineAt(stacks: StackTable, location: number): number {
    const known = this.#lineOfLocation[location];
    if (known !== undefined) return known;
    const place = stacks.locations[location];
    const line = place === undefined ? 0 : this.#lineOf(place);
    if (location >= 0) this.#lineOfLocation[location] = line;
    return line;
  }

  #lineOf(place: Place): number {
    const key = keyOf(place);
    const known = this.#lineOfPlace.get(key);
    if (known === undefined) {
      this.#lineOfPlace.set(key, this.places.length);
      this.places.push({ file: place.file, line: place.line, function: place.function });
      return this.places.length - 1;
    }
    // The function that the line belongs to, rather than a lambda or comprehension on it.
    if (this.placeOf(known).function.startsWith('<') && !place.function.startsWith('<')) {
      this.places[known] = { file: place.file, line: place.line, function: place.function };
    }
    return known;
  }
}

function keyOf(place: Place): string {
  return `${place.line}\0${place.file}\0${place.line === 0 ? place.function : ''}`;
}
