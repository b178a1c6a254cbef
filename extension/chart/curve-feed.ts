import type { AnalysisClient } from './analysis-client';
import { Later } from './later';
import type { TimelineController } from './timeline-controller';

/** So long the view must stand still: longer than between two notches of a wheel. */
const DELAY_MS = 150;
/** Around the view, of its length: what a short move brings into view is there already. */
const MARGIN = 0.25;

/** Asks for the curves of what is in view, once it stands still. */
export class CurveFeed {
  readonly #later = new Later(DELAY_MS, () => void this.#ask());
  #asked = '';

  constructor(
    private readonly client: AnalysisClient,
    private readonly timeline: TimelineController,
  ) {}

  /** Something in the view may have changed. */
  touch(): void {
    this.#later.touch();
  }

  stop(): void {
    this.#later.stop();
  }

  async #ask(): Promise<void> {
    const { model, width } = this.timeline;
    if (model.meta === null) return;
    const { t0, t1 } = model.realView;
    const margin = (t1 - t0) * MARGIN;
    const fromNs = Math.max(0, Math.floor(t0 - margin));
    const toNs = Math.min(model.wallNs, Math.ceil(t1 + margin));
    const bins = Math.max(1, Math.round(((toNs - fromNs) / (t1 - t0)) * width));
    const key = [model.meta.revision, fromNs, toNs, bins].join('/');
    if (key === this.#asked) return;
    this.#asked = key;
    const answer = await this.client.ask<'curves'>({ kind: 'curves', fromNs, toNs, bins });
    if (answer !== null && this.#asked === key) this.timeline.setCurves(answer.curves);
  }
}
