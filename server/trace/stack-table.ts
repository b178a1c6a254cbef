import type { Location, StackTable } from './events';

/** Keys of nodes are parent × this + location: both stay below 2^26, so that the key is an exact number. */
const NODE_KEY_FACTOR = 2 ** 26;

/** Stacks of all streams and processes, each once: equal stacks are one node. */
export class InternedStacks implements StackTable {
  readonly locations: Location[] = [];
  private count = 1;
  private parents = new Uint32Array(1024);
  private ownLocations = new Uint32Array(1024);
  private readonly nodeByKey = new Map<number, number>();
  private readonly locationByKey = new Map<string, number>();

  get nodeCount(): number {
    return this.count;
  }

  parentOf(node: number): number {
    return this.parents[node] ?? 0;
  }

  locationOf(node: number): number {
    return node === 0 ? -1 : (this.ownLocations[node] ?? -1);
  }

  /** Index in {@link locations}. */
  internLocation(file: string, line: number, name: string): number {
    const key = `${line}\0${file}\0${name}`;
    const known = this.locationByKey.get(key);
    if (known !== undefined) return known;
    const index = this.locations.length;
    this.locations.push({ file, line, function: name });
    this.locationByKey.set(key, index);
    return index;
  }

  /** The node of `location` called from `parent`. */
  internNode(parent: number, location: number): number {
    const key = parent * NODE_KEY_FACTOR + location;
    const known = this.nodeByKey.get(key);
    if (known !== undefined) return known;
    const node = this.count++;
    if (node >= this.parents.length) this.grow();
    this.parents[node] = parent;
    this.ownLocations[node] = location;
    this.nodeByKey.set(key, node);
    return node;
  }

  private grow(): void {
    const parents = new Uint32Array(this.parents.length * 2);
    parents.set(this.parents);
    this.parents = parents;
    const locations = new Uint32Array(parents.length);
    locations.set(this.ownLocations);
    this.ownLocations = locations;
  }
}
