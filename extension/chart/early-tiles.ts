import type { ChartMeta } from '../../server/protocol';
import type { Host } from './host';
import { labelWidth } from './overlay-view';
import { planPage } from './tile-plan';
import { TileStore, type TileAnswer } from './tile-store';
import { levelFor, runLength } from './view';

/**
 * Tiles that the first picture will want, asked for before there is a page to put it on. What came by then is handed
 * over once; a wrong guess costs a question or two.
 */
export class EarlyTiles {
  #asked = false;
  #come: TileAnswer[] = [];
  readonly #host: Host;

  constructor(host: Host) {
    this.#host = host;
  }

  /** @param pixels CSS pixels of the page */
  ask(meta: ChartMeta | null, pixels: number): void {
    if (this.#asked || meta === null || meta.lanes.length === 0) return;
    this.#asked = true;
    const wallNs = runLength(meta.wallNs);
    const { t0 = 0, t1 = wallNs, top = 0 } = this.#host.load();
    const whole = { t0: 0, t1: wallNs };
    const view = top === 0 && t1 > t0 && t1 <= wallNs ? { t0, t1 } : whole;
    const width = Math.max(1, pixels - labelWidth(pixels));
    const level = levelFor(view, wallNs, width, this.#host.levelMax);
    const store = new TileStore(
      () => undefined,
      () => 0,
    );
    for (const tile of planPage(store, 0, view, wallNs, level, width).missing) {
      this.#host.post({ type: 'tile', ...tile });
    }
  }

  receive(tile: TileAnswer): void {
    this.#come.push(tile);
  }

  /** What has come so far. */
  take(): readonly TileAnswer[] {
    const come = this.#come;
    this.#come = [];
    return come;
  }
}
