import type { Segment } from '../../server/protocol-chart';
import type { FromChart } from '../../server/protocol-webview';

type SegmentMessage = Extract<FromChart, { type: 'segment' }>;

/** Asks the host for single segments. */
export class SegmentClient {
  #next = 1;
  readonly #waiting = new Map<number, (segment: Segment | null) => void>();
  readonly #post: (message: SegmentMessage) => void;

  constructor(post: (message: SegmentMessage) => void) {
    this.#post = post;
  }

  /** Null: there is none. An answer that never comes leaves the promise open; a newer question is not held up. */
  ask(request: SegmentMessage['request']): Promise<Segment | null> {
    const requestId = this.#next++;
    return new Promise((resolve) => {
      this.#waiting.set(requestId, resolve);
      this.#post({ type: 'segment', requestId, request });
    });
  }

  receive(requestId: number, segment: Segment | null): void {
    this.#waiting.get(requestId)?.(segment);
    this.#waiting.delete(requestId);
  }
}
