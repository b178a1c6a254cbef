/** A canvas that covers a box of CSS pixels at a chosen resolution. */
export class Surface {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  /** Pixels of the canvas to a CSS pixel. */
  ratio = 1;
  cssWidth = 0;
  cssHeight = 0;
  #image: ImageData | null = null;
  #pixels: Uint32Array | null = null;

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

  /** Clears, and lets drawing be in CSS pixels. */
  begin(): CanvasRenderingContext2D {
    this.context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    this.context.clearRect(0, 0, this.cssWidth, this.cssHeight);
    return this.context;
  }

  /** Empty pixels of the canvas' size, reused from frame to frame. */
  raster(): { readonly pixels: Uint32Array; readonly width: number; readonly height: number } {
    const { width, height } = this.canvas;
    let image = this.#image;
    let pixels = this.#pixels;
    if (image === null || pixels === null || image.width !== width || image.height !== height) {
      image = new ImageData(width, height);
      pixels = new Uint32Array(image.data.buffer);
      this.#image = image;
      this.#pixels = pixels;
    } else {
      pixels.fill(0);
    }
    return { pixels, width, height };
  }

  /** Shows what was painted into {@link raster}. */
  put(): void {
    if (this.#image !== null) this.context.putImageData(this.#image, 0, 0);
  }
}
