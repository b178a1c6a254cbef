import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { inflateSync } from 'node:zlib';
import { collectStandalone, standalonePage } from '../../../server/cli/html';
import type {
  ChartMeta,
  ChartRequest,
  ChartResponse,
  Segment,
} from '../../../server/protocol-chart';
import { temporaryFolder } from '../interpreter/fake-python';
import { NOTHING_LOST } from '../../support/profiles';

const lane = {
  pid: 1,
  name: '',
  gil: '1/0',
  startNs: 0,
  endNs: 1,
  holdNs: 0,
  waitNs: 0,
  offNs: 0,
  blocksNs: 0,
  lockWaitNs: 0,
};
const meta: ChartMeta = {
  title: 'a</title><b>&',
  revision: 1,
  live: false,
  wallNs: 1e9,
  processes: [],
  lanes: Array.from({ length: 65 }, (_, tid) => ({ ...lane, tid })),
  lines: [],
  blame: { places: [], locks: [], numbers: [] },
  gils: [],
  locks: [],
  findings: [],
  lost: { ...NOTHING_LOST, reason: '</script><!--' },
};
const NO_CAUSE = { holders: [], holds: [], releasedBy: null };
const wait: Segment = { lane: 0, state: 'waiting', startNs: 0, endNs: 5, place: null, ...NO_CAUSE };

/** Two pages of lanes; each tile says where it is, and nothing ever happens in those of odd index. */
function answer(request: ChartRequest): ChartResponse {
  switch (request.kind) {
    case 'meta':
      return { kind: 'meta', meta };
    case 'tile': {
      const { level, index, page } = request;
      const bytes = index % 2 === 1 ? Buffer.alloc(8) : Buffer.from([level, index, page, 9]);
      return { kind: 'tile', revision: 1, base64: bytes.toString('base64') };
    }
    case 'longWait':
      return {
        kind: 'segment',
        segment: request.rank < 3 ? { ...wait, endNs: 5 - request.rank } : null,
      };
    case 'analysis': {
      const { question } = request;
      const spans = [{ startNs: 0, endNs: 1 }];
      return {
        kind: 'analysis',
        answer: question.kind === 'idle' ? { kind: 'idle', spans } : null,
      };
    }
    case 'segment':
    case 'marks':
    case 'comparison':
      return assert.fail(`asked for ${request.kind}`);
  }
}

test('collects every level of every page, leaves out what is empty', async () => {
  const data = await collectStandalone(answer, []);
  assert.ok(data.levelMax >= 11);
  for (let level = 9; level <= data.levelMax; level++) {
    const here = data.tiles.filter((tile) => tile.level === level);
    assert.equal(here.length, 2 * Math.max(1, 2 ** (level - 9) / 2));
    for (const tile of here) {
      const bytes = inflateSync(Buffer.from(tile.deflated, 'base64'));
      assert.deepEqual([...bytes], [level, tile.index, tile.page, 9]);
    }
  }
  assert.deepEqual(
    data.longWaits.map((segment) => segment.endNs),
    [5, 4, 3],
  );
  assert.deepEqual(Object.keys(data.answers), ['idle']);
  const answered = inflateSync(Buffer.from(data.answers['idle'] ?? '', 'base64')).toString();
  assert.deepEqual(JSON.parse(answered), { kind: 'idle', spans: [{ startNs: 0, endNs: 1 }] });
});

test('nothing in the data or the bundles can end an element of the page', async (t) => {
  const folder = temporaryFolder(t);
  const code =
    'globalThis.text = "</script><!--</SCRIPT>";\n//# sourceMappingURL=standalone.js.map\n';
  writeFileSync(join(folder, 'standalone.js'), code);
  writeFileSync(join(folder, 'standalone.css'), '.a::after { content: "</style>" }');
  const page = standalonePage(await collectStandalone(answer, []), folder);
  assert.equal(page.match(/<\/script/gi)?.length, 2);
  assert.equal(page.match(/<\/style/gi)?.length, 1);
  assert.equal(page.match(/<!--/g), null);
  assert.ok(page.includes('<title>a&lt;/title>&lt;b>&amp; · GILscope</title>'));
  assert.doesNotMatch(page, /sourceMappingURL/);
  const json = /id="gilscope-data">(.*)<\/script>/.exec(page)?.[1] ?? '';
  assert.deepEqual((JSON.parse(json) as { meta: ChartMeta }).meta, meta);
  const script = /<script>([^]*)<\/script>/.exec(page)?.[1] ?? '';
  const scope: { text?: string } = {};
  // The code still means what it meant.
  runInNewContext(script, scope);
  assert.equal(scope.text, '</script><!--</SCRIPT>');
});

test('a missing bundle is named', async (t) => {
  const folder = temporaryFolder(t);
  const data = await collectStandalone(answer, []);
  assert.throws(
    () => standalonePage(data, folder),
    /standalone\.js is missing\. Install GILscope again/,
  );
});
