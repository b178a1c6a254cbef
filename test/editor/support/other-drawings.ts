import { createServer, type Server } from 'node:http';
import type { Segments } from '../../support/large-run';

/** Ways to draw every segment singly, to compare with. */
export const OTHER_WAYS = ['fillRect', 'svg'] as const;
export type OtherWay = (typeof OTHER_WAYS)[number];

/** Draws lanes as the chart does (a row of 22 CSS pixels each), but one shape for each segment in view. */
const PAGE = `<!DOCTYPE html><meta charset="utf-8"><style>body { margin: 0 }</style><body><script>
const ROW = 22, WIDTH = 1400, HEIGHT = 620;
const COLOURS = ['#4aa3ff', '#e8590c', '#767d88', '#ffe066'];
let data = null;
async function load() {
  const read = async (name) => (await fetch(name)).arrayBuffer();
  data = {
    first: new Uint32Array(await read('first')),
    endNs: new Float64Array(await read('endNs')),
    states: new Uint8Array(await read('states')),
  };
  data.wallNs = data.endNs.at(-1);
}
function segmentAfter(from, to, timeNs) {
  while (from < to) {
    const middle = (from + to) >> 1;
    if (data.endNs[middle] > timeNs) to = middle; else from = middle + 1;
  }
  return from;
}
function eachSegment(t0, t1, draw) {
  const scale = WIDTH / (t1 - t0);
  for (let lane = 0; lane < Math.min(data.first.length - 1, HEIGHT / ROW); lane++) {
    const end = data.first[lane + 1];
    for (let at = segmentAfter(data.first[lane], end, t0); at < end; at++) {
      const startNs = at === data.first[lane] ? 0 : data.endNs[at - 1];
      if (startNs >= t1) break;
      const x = (startNs - t0) * scale;
      draw(lane, x, Math.max(1, (data.endNs[at] - startNs) * scale), data.states[at]);
    }
  }
}
const painters = {
  fillRect() {
    const canvas = document.createElement('canvas');
    const ratio = devicePixelRatio;
    canvas.width = WIDTH * ratio; canvas.height = HEIGHT * ratio;
    canvas.style.width = WIDTH + 'px'; canvas.style.height = HEIGHT + 'px';
    document.body.replaceChildren(canvas);
    const context = canvas.getContext('2d');
    context.scale(ratio, ratio);
    return (t0, t1) => {
      context.clearRect(0, 0, WIDTH, HEIGHT);
      eachSegment(t0, t1, (lane, x, width, state) => {
        context.fillStyle = COLOURS[state];
        context.fillRect(x, lane * ROW + 4, width, 14);
      });
      context.getImageData(0, 0, 1, 1);
    };
  },
  svg() {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    svg.setAttribute('width', WIDTH); svg.setAttribute('height', HEIGHT);
    document.body.replaceChildren(svg);
    return (t0, t1) => {
      const shapes = [];
      eachSegment(t0, t1, (lane, x, width, state) => {
        const rect = document.createElementNS('http://www.w3.org/2000/svg', 'rect');
        rect.setAttribute('x', x); rect.setAttribute('y', lane * ROW + 4);
        rect.setAttribute('width', width); rect.setAttribute('height', 14);
        rect.setAttribute('fill', COLOURS[state]);
        shapes.push(rect);
      });
      svg.replaceChildren(...shapes);
    };
  },
};
/** Milliseconds of each frame while zooming to the middle, moving, and zooming out; stops when it takes too long. */
window.play = async (way, steps, limitMs) => {
  const draw = painters[way]();
  const times = [];
  const giveUpAt = performance.now() + limitMs;
  const views = [];
  const middle = data.wallNs * 0.43;
  for (let step = 0; step < steps; step++) views.push([middle, data.wallNs / 1.27 ** step]);
  for (let step = 0; step < steps; step++) {
    const span = data.wallNs / 1.27 ** steps;
    views.push([middle + (step / steps) * span, span]);
  }
  for (let step = steps; step-- > 0;) views.push([middle, data.wallNs / 1.27 ** step]);
  for (const [at, span] of views) {
    if (performance.now() > giveUpAt) break;
    const start = performance.now();
    await new Promise(requestAnimationFrame);
    const painted = new Promise((resolve) => {
      const channel = new MessageChannel();
      channel.port1.onmessage = resolve;
      channel.port2.postMessage(0);
    });
    const from = performance.now();
    const t0 = Math.max(0, at - span / 2);
    draw(t0, t0 + span);
    await painted;
    times.push(performance.now() - from);
  }
  return { times, all: views.length };
};
</script>`;

/** Serves the page and the segments; the answer's `close` ends it. */
export function serveOthers(
  segments: Segments,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const name = (request.url ?? '/').slice(1);
    const column =
      name === 'first' || name === 'endNs' || name === 'states' ? segments[name] : null;
    if (column === null) response.writeHead(200, { 'content-type': 'text/html' }).end(PAGE);
    else response.end(Buffer.from(column.buffer, column.byteOffset, column.byteLength));
  });
  return new Promise((resolve, reject) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      if (address === null || typeof address === 'string') reject(new Error('no port'));
      else resolve({ url: `http://127.0.0.1:${address.port}/`, server });
    });
  });
}
