import type { Raster } from './lane-painter';

/** Rows of pixels that are painted at a time. */
const BAND_HEIGHT = 128;

/** A canvas that covers a box of CSS pixels at a chosen resolution. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the canvas to a CSS pixel. */
  ratio = 1;
  cssWidth = 0;
  cssHeight = 0;
  #image: ImageData | null = null;
  #band: Raster | null = null;
  #bandTop = 0;
  #rowsLeft = 0;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext('2d');
    if (context === null) throw new Error('This window cannot draw: no 2D canvas.');
    this.canvas = canvas;
    this.context = context;
  }

  resize(cssWidth: number, cssHeight: number, ratio: number): void {
    // Writing a style, even the same, would cost a layout in every frame.
    if (cssWidth !== this.cssWidth) this.canvas.style.width = `${cssWidth}px`;
    if (cssHeight !== this.cssHeight) this.canvas.style.height = `${cssHeight}px`;
    this.cssWidth = cssWidth;
    this.cssHeight = cssHeight;
    this.ratio = ratio;
    const width = Math.max(1, Math.round(cssWidth * ratio));
    const height = Math.max(1, Math.round(cssHeight * ratio));
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
  }

  /** Gives back what the browser keeps of the last pictures; the next one begins with a canvas of its own. */
  shed(): void {
    this.canvas.width = 1;
    this.canvas.height = 1;
    this.#image = null;
    this.#band = null;
  }

  /** Clears, and lets drawing be in CSS pixels. */
  begin(): CanvasRenderingContext2D {
    const context = this.over();
    context.clearRect(0, 0, this.cssWidth, this.cssHeight);
    return context;
  }

  /** Lets drawing be in CSS pixels, over what is there. */
  over(): CanvasRenderingContext2D {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    return this.context;
  }

  /**
   * Begins a picture of pixels, which is painted from top to bottom by {@link paintRows}.
   * @param left pixels of the canvas beside it
   */
  beginRows(left: number): void {
    this.#rowsLeft = left;
    this.#bandTop = 0;
    this.#band = this.#emptyBand();
  }

  /**
   * Has the pixels from `top` on painted, no higher than the last ones; by bands, since a second picture of the whole
   * canvas would take as much memory as the canvas.
   * @param paint is called for each band that they lie in, with the row of the canvas at which it begins
   */
  paintRows(top: number, height: number, paint: (band: Raster, bandTop: number) => void): void {
    while (top >= this.#bandTop + BAND_HEIGHT) this.#nextBand();
    for (;;) {
      if (this.#band !== null) paint(this.#band, this.#bandTop);
      if (top + height <= this.#bandTop + BAND_HEIGHT) return;
      this.#nextBand();
    }
  }

  /** Shows what was painted, and clears what is below it. */
  endRows(): void {
    while (this.#bandTop < this.canvas.height) this.#nextBand();
  }

  #nextBand(): void {
    if (this.#image !== null) this.context.putImageData(this.#image, this.#rowsLeft, this.#bandTop);
    this.#bandTop += BAND_HEIGHT;
    this.#band = this.#emptyBand();
  }

  #emptyBand(): Raster {
    const width = Math.max(1, this.canvas.width - this.#rowsLeft);
    if (this.#band !== null && this.#band.width === width) {
      this.#band.pixels.fill(0);
      return this.#band;
    }
    this.#image = new ImageData(width, BAND_HEIGHT);
    return { pixels: new Uint32Array(this.#image.data.buffer), width, height: BAND_HEIGHT };
  }
}
