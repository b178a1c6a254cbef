import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import type { Chart } from '../../server/profile/chart';
import { inSlices } from '../../server/profile/worker-slices';
import { chartDocument } from '../../extension/chart-document';
import { LEVEL_MIN, type ChartMeta, type Segment } from '../../server/protocol-chart';
import type { FromChart, ToChart } from '../../server/protocol-webview';
import type { AnalysisAnswer, AnalysisQuestion } from '../../server/protocol-analysis';
import { answerSegment } from './fake-chart';
import { FakeTiles, type FakeRun } from './fake-run';

type SegmentRequest = Extract<FromChart, { type: 'segment' }>['request'];

/** What stands behind the page in place of the language server. */
export interface ChartBackend {
  readonly meta: ChartMeta | null;
  tile(level: number, index: number, page: number): Uint8Array;
  segment(request: SegmentRequest): Segment | null;
  analysis(question: AnalysisQuestion): AnalysisAnswer | null | Promise<AnalysisAnswer | null>;
}

/** The chart of the product itself. */
export function chartBackend(chart: Chart): ChartBackend {
  // As the server's worker does it: of a newer question of its kind an older one is dropped.
  const latest = new Map<string, AnalysisQuestion>();
  return {
    meta: chart.meta(),
    tile: (level, index, page) => chart.tile({ kind: 'tile', level, index, page }),
    segment: (request) =>
      request.kind === 'longWait' ? chart.longWait(request.rank) : chart.segment(request),
    analysis: (question) => {
      latest.set(question.kind, question);
      return inSlices(chart.analyse(question), () => latest.get(question.kind) !== question);
    },
  };
}

const NO_TABLES = {
  outline: true,
  lines: [],
  blame: { places: [], locks: [], numbers: [] },
  locks: [],
  findings: [],
} as const;

function fakeBackend(run: FakeRun, meta: ChartMeta | null): ChartBackend {
  const tiles = new FakeTiles(run);
  return {
    meta,
    tile: (level, index, page) => tiles.tile(level, index, page),
    segment: (request) => answerSegment(run, request),
    analysis: () => null,
  };
}

const NONCE = 'chartNonce';

/** What the webview is given in VS Code; and, in place of its message port, one to this page's own server. */
const POLICY = `default-src 'none'; script-src 'nonce-${NONCE}'; style-src 'self'; connect-src 'self'`;

const STUB = `
  window.violations = [];
  window.pending = 0;
  document.addEventListener('securitypolicyviolation', (event) =>
    window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
  window.acquireVsCodeApi = () => ({
    getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
    setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
    postMessage: async (message) => {
      window.pending++;
      const ask = (sent) => fetch('/message', { method: 'POST', body: JSON.stringify(sent) });
      const asked = ask(message);
      // The host sends a tile along with the profile.
      const first = { type: 'tile', level: ${LEVEL_MIN}, index: 0, page: 0 };
      if (message.type === 'ready') await window.acquireVsCodeApi().postMessage(first);
      const answer = await asked;
      if (message.type === 'tile') {
        const data = new Uint8Array(await answer.arrayBuffer());
        const revision = Number(answer.headers.get('revision'));
        window.postMessage({ ...message, revision, data });
      } else {
        const reply = await answer.json();
        if (reply !== null) window.postMessage(reply);
      }
      window.pending--;
    },
  });`;

/** The chart in a page as VS Code's webview is one, with a made-up run behind it. */
export class ChartPage {
  /** Everything that the chart has sent. */
  readonly messages: FromChart[] = [];
  /** Runs in the page before the chart. */
  script = '';
  #backend: ChartBackend;
  readonly #server = createServer((request, response) => {
    void this.#serve(request, response).catch((error: unknown) => {
      response.writeHead(500).end(String(error));
    });
  });
  readonly #distFolder: string;

  constructor(run: FakeRun, meta: ChartMeta | null, distFolder = 'dist') {
    this.#backend = fakeBackend(run, meta);
    this.#distFolder = distFolder;
  }

  /** Puts another run behind the page. */
  replace(run: FakeRun, meta: ChartMeta | null): void {
    this.#backend = fakeBackend(run, meta);
  }

  /** Puts something else behind the page than a made-up run. */
  answerFrom(backend: ChartBackend): void {
    this.#backend = backend;
  }

  /** Starts serving; the address of the page. */
  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}/`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  sent<Type extends FromChart['type']>(type: Type): Extract<FromChart, { type: Type }>[] {
    return this.messages.filter(
      (message): message is Extract<FromChart, { type: Type }> => message.type === type,
    );
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '/';
    if (path === '/message') return this.#answer(request, response);
    if (path === '/chart.js' || path === '/chart.css') {
      const type = path.endsWith('.js') ? 'text/javascript' : 'text/css';
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` });
      response.end(readFileSync(join(this.#distFolder, path)));
      return;
    }
    if (path === '/frames') {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!DOCTYPE html><html lang="en"><title>Frames</title><body></body></html>');
      return;
    }
    if (path !== '/') {
      response.writeHead(204).end();
      return;
    }
    response.writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY });
    const page = { language: 'en', nonce: NONCE, policy: POLICY };
    const files = { style: '/chart.css', script: '/chart.js' };
    response.end(chartDocument({ ...page, ...files }, `${STUB}${this.script}`));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const message = JSON.parse(Buffer.concat(chunks).toString()) as FromChart;
    this.messages.push(message);
    if (message.type === 'tile') {
      const { level, index, page } = message;
      response.writeHead(200, { revision: String(this.#backend.meta?.revision ?? 0) });
      response.end(this.#backend.tile(level, index, page));
      return;
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(await this.#reply(message)));
  }

  async #reply(message: FromChart): Promise<ToChart | null> {
    const { meta } = this.#backend;
    if (message.type === 'ready') return { type: 'meta', meta: meta && { ...meta, ...NO_TABLES } };
    if (message.type === 'tables') return { type: 'meta', meta };
    if (message.type === 'analysis') {
      const answer = await this.#backend.analysis(message.question);
      return { type: 'analysis', requestId: message.requestId, answer };
    }
    if (message.type !== 'segment') return null;
    const segment = this.#backend.segment(message.request);
    return { type: 'segment', requestId: message.requestId, segment };
  }
}
