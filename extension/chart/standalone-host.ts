import { TILE_BINS, TILE_LANES, type Segment } from '../../server/protocol-chart';
import type { FromChart, ToChart } from '../../server/protocol-webview';
import type { AnalysisAnswer } from '../../server/protocol-analysis';
import { standaloneKey, type StandaloneData } from '../../server/protocol-standalone';
import type { Host } from './host';

type TileMessage = Extract<FromChart, { type: 'tile' }>;
type SegmentMessage = Extract<FromChart, { type: 'segment' }>;

/** The self-contained page as host of the chart: everything comes from the data in the page. */
export function standaloneHost(data: StandaloneData): Host {
  const tiles = new Map(
    data.tiles.map((tile) => [`${tile.level}/${tile.index}/${tile.page}`, tile]),
  );
  const receivers: ((message: ToChart) => void)[] = [];
  const answer = (message: ToChart): void => receivers.forEach((receive) => receive(message));
  const answerTile = async ({ level, index, page }: TileMessage): Promise<void> => {
    const tile = tiles.get(`${level}/${index}/${page}`);
    const bytes =
      tile === undefined
        ? new Uint8Array(TILE_BINS * TILE_LANES * 4)
        : await inflate(decodeBase64(tile.deflated));
    answer({ type: 'tile', revision: data.meta.revision, level, index, page, data: bytes });
  };
  const unpacked = new Map<string, AnalysisAnswer>();
  const answerOf = async (key: string): Promise<AnalysisAnswer | null> => {
    const packed = data.answers[key];
    if (packed === undefined) return null;
    const text = new TextDecoder().decode(await inflate(decodeBase64(packed)));
    const answer = JSON.parse(text) as AnalysisAnswer;
    unpacked.set(key, answer);
    return answer;
  };
  /** One after the other, so that the page stays quick. */
  const unpackAll = async (): Promise<void> => {
    for (const key of Object.keys(data.answers)) if (!unpacked.has(key)) await answerOf(key);
  };
  return {
    levelMax: data.levelMax,
    standalone: true,
    listen: (receive) => {
      receivers.push(receive);
      receive({ type: 'meta', meta: data.meta });
      void unpackAll();
    },
    known: (question) => unpacked.get(standaloneKey(question)) ?? null,
    load: () => ({}),
    save: () => undefined,
    post: (message) => {
      if (message.type === 'tile') void answerTile(message);
      else if (message.type === 'analysis') {
        const { requestId, question } = message;
        void answerOf(standaloneKey(question)).then((found) =>
          answer({ type: 'analysis', requestId, answer: found }),
        );
      } else if (message.type === 'segment') {
        const { requestId } = message;
        answer({ type: 'segment', requestId, segment: findSegment(data.longWaits, message) });
      }
    },
  };
}

function findSegment(waits: readonly Segment[], { request }: SegmentMessage): Segment | null {
  if (request.kind === 'longWait') return waits[request.rank] ?? null;
  const mine = waits.filter((wait) => wait.lane === request.lane);
  const { atNs } = request;
  switch (request.step) {
    case 'at':
      return mine.find((wait) => wait.startNs <= atNs && atNs < wait.endNs) ?? null;
    case 'previous':
      return latest(mine.filter((wait) => wait.endNs <= atNs));
    case 'next':
      return earliest(mine.filter((wait) => wait.startNs > atNs));
  }
}

function latest(waits: readonly Segment[]): Segment | null {
  return waits.toSorted((a, b) => b.startNs - a.startNs)[0] ?? null;
}

function earliest(waits: readonly Segment[]): Segment | null {
  return waits.toSorted((a, b) => a.startNs - b.startNs)[0] ?? null;
}

function decodeBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

async function inflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
