/** Takes an export piece by piece. A piece is only valid during the call. */
export interface ByteSink {
  write(bytes: Uint8Array): void;
}

const PIECE_CHARACTERS = 1 << 16;

/** Gathers text into pieces that are worth a write. */
export class TextSink {
  readonly #sink: ByteSink;
  #text = '';

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  write(text: string): void {
    this.#text += text;
    if (this.#text.length >= PIECE_CHARACTERS) this.flush();
  }

  /** `[` the items `]`, none of which is kept. */
  list(items: Iterable<string | number>): void {
    this.write('[');
    let first = true;
    for (const item of items) {
      this.write(first ? String(item) : `,${item}`);
      first = false;
    }
    this.write(']');
  }

  flush(): void {
    if (this.#text !== '') this.#sink.write(Buffer.from(this.#text, 'utf8'));
    this.#text = '';
  }
}
