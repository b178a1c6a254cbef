import type { Browser, CDPSession, Page } from 'playwright-core';

/** What a page recorded of its frames. */
export interface Frames {
  /** Milliseconds from the start of a frame's callbacks until the page is laid out and painted. */
  readonly work: number[];
  /** Milliseconds from frame to frame, as the screen got them. */
  readonly between: number[];
  /** Milliseconds of processor time of the page's main thread for each frame: what a busy machine does not disturb. */
  readonly cpu: number[];
}

interface Watched extends Window {
  readonly frames_: Frames;
  /** Milliseconds after the page was opened at which a canvas first had a picture; 0: not yet. */
  readonly firstPicture: number;
}

/**
 * Times each frame in which something was drawn, and the first picture; runs before the page's own script. A task
 * that is posted in a frame's first callback runs when the frame is painted; what is drawn between two frames is
 * painted with the next one. Of a picture some pixels are looked at: all of them would cost more than drawing them.
 */
const WATCH = `
  window.frames_ = { work: [], between: [] };
  window.firstPicture = 0;
  const original = window.requestAnimationFrame.bind(window);
  const channel = new MessageChannel();
  let start = 0;
  channel.port1.onmessage = () => {
    window.frames_.work.push(performance.now() - start);
    start = 0;
  };
  window.requestAnimationFrame = (callback) => original((time) => {
    if (start === 0) {
      start = performance.now();
      channel.port2.postMessage(0);
    }
    callback(time);
  });
  let last = 0;
  const beat = (time) => {
    if (last > 0) window.frames_.between.push(time - last);
    last = time;
    original(beat);
  };
  original(beat);
  const put = CanvasRenderingContext2D.prototype.putImageData;
  CanvasRenderingContext2D.prototype.putImageData = function (image, ...rest) {
    put.call(this, image, ...rest);
    if (window.firstPicture > 0) return;
    const pixels = new Uint32Array(image.data.buffer);
    let at = 0;
    while (at < pixels.length && pixels[at] === 0) at += 61;
    if (at >= pixels.length) return;
    const painted = new MessageChannel();
    painted.port1.onmessage = () => { window.firstPicture ||= performance.now(); };
    if (start > 0) painted.port2.postMessage(0);
    else original(() => painted.port2.postMessage(0));
  };`;

export async function watchFrames(page: Page): Promise<void> {
  await page.addInitScript(WATCH);
}

export async function firstPictureMs(page: Page): Promise<number> {
  await page.waitForFunction(() => (window as unknown as Watched).firstPicture > 0);
  return page.evaluate(() => (window as unknown as Watched).firstPicture);
}

/** So long a browser must do nothing, and how much it may do in that time and still count as doing nothing. */
const REST = { lookMs: 300, seconds: 0.012, looks: 3 };
const REST_WITHIN_MS = 20_000;

/** Waits until a browser has set up its own window: that of Chromium has pages of its own, which take a second. */
export async function atRest(browser: Browser): Promise<void> {
  const session = await browser.newBrowserCDPSession();
  const giveUpAt = performance.now() + REST_WITHIN_MS;
  let before = await processorSeconds(session);
  for (let quiet = 0; quiet < REST.looks && performance.now() < giveUpAt;) {
    await new Promise((resolve) => setTimeout(resolve, REST.lookMs));
    const now = await processorSeconds(session);
    quiet = now - before < REST.seconds ? quiet + 1 : 0;
    before = now;
  }
  await session.detach();
}

/** Of all of its processes. */
async function processorSeconds(session: CDPSession): Promise<number> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  return processInfo.reduce((sum, { cpuTime }) => sum + cpuTime, 0);
}

/** The frames of what is done meanwhile. */
export async function framesOf(
  browser: Browser,
  page: Page,
  act: () => Promise<void>,
): Promise<Frames> {
  await page.evaluate('frames_.work = []; frames_.between = [];');
  await browser.startTracing(page, { categories: ['toplevel', 'devtools.timeline'] });
  await act();
  const trace = await browser.stopTracing();
  const frames = await page.evaluate(() => (window as unknown as Watched).frames_);
  return { ...frames, cpu: frameTimes(trace.toString()) };
}

interface TraceEvent {
  readonly name: string;
  readonly tid: number;
  readonly pid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Of the thread itself. */
  readonly tdur?: number;
}

/** The tasks of the browser that ran a frame's callbacks, layout and paint included. */
function frameTimes(trace: string): number[] {
  const { traceEvents } = JSON.parse(trace) as { readonly traceEvents: readonly TraceEvent[] };
  const frames = traceEvents.filter(({ name }) => name === 'FireAnimationFrame');
  const threads = new Set(frames.map(({ pid, tid }) => `${pid}/${tid}`));
  const tasks = traceEvents.filter(
    ({ name, pid, tid, tdur }) =>
      name.endsWith('RunTask') && tdur !== undefined && threads.has(`${pid}/${tid}`),
  );
  const isDrawing = (task: TraceEvent): boolean =>
    frames.some(
      ({ pid, tid, ts }) =>
        pid === task.pid && tid === task.tid && ts >= task.ts && ts <= task.ts + (task.dur ?? 0),
    );
  const times = tasks.filter(isDrawing).map(({ tdur = 0 }) => tdur / 1000);
  // A frame without a change does nothing and would flatter the rest.
  return times.filter((time) => time > 0.5);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
