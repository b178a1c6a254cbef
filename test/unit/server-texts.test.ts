/** The server's own texts in every language: the table of the server, and sentences that other rooms make. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';
import ts from 'typescript';
import { BUDGETS_ZH_CN } from '../../server/lsp/message-budgets-zh-cn';
import { DOUBTS_ZH_CN } from '../../server/lsp/message-doubts-zh-cn';
import { PARTS_ZH_CN, SENTENCES_ZH_CN } from '../../server/lsp/messages-zh-cn';
import { COST_KINDS } from '../../server/lsp/line-costs';
import { english } from '../../server/lsp/text';
import { textFor } from '../../server/lsp/text-languages';
import { probeMessages } from '../support/probe-messages';

const chinese = textFor('zh-cn');
const PAIRS = [...BUDGETS_ZH_CN, ...SENTENCES_ZH_CN, ...DOUBTS_ZH_CN, ...PARTS_ZH_CN];
const HAN = /\p{Script=Han}/u;
/** The same in every language; what has no other letters need not be translated. */
const SAME = /GILscope|gilscope|GIL|⟦\w+⟧/g;
/** What a value of a text may be; what is neither is translated. */
const VALUES = ['⟦a⟧', '⟦b⟧', '⟦c⟧'];

type Leaf = string | ((...values: readonly unknown[]) => string);

/** Every text of a table, by its path. */
function leaves(table: object, path = ''): Map<string, Leaf> {
  const found = new Map<string, Leaf>();
  for (const [name, value] of Object.entries(table) as [string, Leaf | object][]) {
    if (path === '' && name === 'message') continue;
    if (typeof value === 'object') {
      for (const [key, leaf] of leaves(value, `${path}${name}.`)) found.set(key, leaf);
    } else found.set(path + name, value);
  }
  return found;
}

/** A text with values, each of which can be told apart in it. */
function filled(leaf: Leaf, path: string): { text: string; values: readonly string[] } {
  if (typeof leaf === 'string') return { text: leaf, values: [] };
  if (path === 'hover.lost') {
    const values = ['4,321', '765', '⟦why⟧'];
    return { text: leaf({ events: 4321, samples: 765, reason: '⟦why⟧' }), values };
  }
  const numbers = new Map([
    ['hover.forced', [4321]],
    ['hover.acquires', [4321, 765]],
    ['hover.pair', [VALUES[0], 4321, VALUES[1], VALUES[2]]],
    ['hover.more', [4321, VALUES[0]]],
    ['hover.samples', [4321, 765]],
    ['run.progress', [VALUES[0], 4321, 76]],
    ['run.endedWithStatus', [VALUES[0], 77, VALUES[1]]],
    ['run.childrenLeft', [4321]],
  ]).get(path);
  const values = numbers ?? VALUES.slice(0, leaf.length);
  const shown = values.map((value) => (value === 4321 ? '4,321' : String(value)));
  return { text: leaf(...values), values: shown };
}

describe('texts of the server', () => {
  it('are those of the client’s language, else English', () => {
    for (const locale of ['zh-cn', 'zh-CN', 'zh', 'zh-Hans', 'zh_CN.UTF-8']) {
      assert.equal(textFor(locale), chinese, locale);
    }
    for (const locale of [undefined, '', 'en', 'de', 'zh-tw', 'zh-Hant-HK']) {
      assert.equal(textFor(locale), english, locale);
    }
  });

  const translated = leaves(chinese);
  for (const [path, leaf] of leaves(english)) {
    it(`${path} is translated, with all its values`, () => {
      const { text, values } = filled(leaf, path);
      const other = filled(translated.get(path) ?? '', path).text;
      for (const value of values) {
        assert.ok(text.includes(value) && other.includes(value), `${value} in ${text} / ${other}`);
      }
      if (/\p{L}/u.test(text.replaceAll(SAME, ''))) assert.match(other, HAN);
    });
  }

  it('keep inline costs as short as English ones', () => {
    for (const kind of COST_KINDS) {
      assert.ok(chinese.cost[kind].length <= english.cost[kind].length, kind);
    }
  });
});

/** Sources whose texts reach the editor by way of the table of messages. */
const SOURCES = [
  ...readdirSync('server/profile')
    .filter((name) => /^finding|^budget/.test(name))
    .map((name) => `server/profile/${name}`),
  'server/profile/doubts.ts',
  'server/profile/lost.ts',
  'server/profile/lock-facts.ts',
  'server/profile/export/write-export.ts',
  ...['find-interpreter', 'inspect-interpreter', 'platform', 'preload-path'].map(
    (name) => `server/interpreter/${name}.ts`,
  ),
  ...['prepare-run', 'run-folder', 'run-program'].map((name) => `server/interpreter/${name}.ts`),
];
const SENTENCE = /[A-Za-z]+ [A-Za-z]+ [A-Za-z]+/;
/** Of the log and of scripts, not for the editor: an interpreter that is passed over. */
const LOG =
  /passed over|cannot be used: $| is not on PATH$|^import |virtual environment|not set|, run directly$|^, a launcher of/;

/** The texts between the values of a source, of three words and more. */
function sentencesIn(file: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node)) return;
    if (
      ts.isStringLiteralLike(node) ||
      node.kind === ts.SyntaxKind.TemplateHead ||
      node.kind === ts.SyntaxKind.TemplateMiddle ||
      node.kind === ts.SyntaxKind.TemplateTail
    ) {
      const { text } = node as ts.LiteralLikeNode;
      if (SENTENCE.test(text) && !LOG.test(text)) found.push(text);
    }
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest));
  return found;
}

describe('sentences of other rooms', () => {
  it('are in the table of messages, so that they are translated', () => {
    const known = PAIRS.map(([words]) => words.replaceAll(/\{\d[?*]?\}/g, '\0')).join('\n');
    const missing = SOURCES.flatMap((file) =>
      sentencesIn(file)
        .filter((words) =>
          words
            .replaceAll('%', '\0')
            .split('\0')
            .some((part) => !known.includes(part.replace(/^[ :.,]+|[ :.,]+$/g, ''))),
        )
        .map((words) => `${file}: ${words}`),
    );
    const advice = 'Add them to server/lsp/messages-zh-cn.ts, in English and Chinese';
    assert.deepEqual(missing, [], `${advice}:\n${missing.join('\n')}`);
    // The search finds them at all.
    assert.ok(SOURCES.flatMap(sentencesIn).length > 80);
  });

  it('that the probe says are among them', () => {
    const known = SENTENCES_ZH_CN.map(([words]) => words);
    for (const words of probeMessages())
      assert.ok(known.includes(words.replace('%s', '{0}')), words);
  });

  it('come out in the other language with all their values', () => {
    for (const [words, other] of PAIRS) {
      // A part that may be missing comes with its comma.
      const optional = new Set([...words.matchAll(/\{(\d)\?\}/g)].map(([, place]) => place));
      const fill = (template: string): string =>
        template.replaceAll(
          /\{(\d)[?*]?\}/g,
          (_, place: string) => `${optional.has(place) ? ', ' : ''}⟦${place}⟧`,
        );
      assert.equal(chinese.message(fill(words)), fill(other), words);
      assert.match(other, /\p{Script=Han}|^\{/u, words);
      const places = (template: string): string[] =>
        [...template.matchAll(/\{(\d)/g)].map(([, place]) => place ?? '').sort();
      assert.deepEqual([...new Set(places(other))], [...new Set(places(words))], words);
    }
  });

  it('are translated with their parts', () => {
    assert.equal(
      chinese.message(
        'Deadlock: 2 threads wait for each other. thread a waits at /x.py:3 for the Lock L of thread b, ' +
          'who took it at /x.py:9; thread b waits at /x.py:4 for the end of thread a. Take these locks in ' +
          'one order everywhere, or hold only one of them at a time.',
      ),
      '死锁：2 个线程互相等待。线程 a在 /x.py:3 等待线程 b的the Lock L，后者在 /x.py:9 获取了它；' +
        '线程 b在 /x.py:4 等待线程 a结束。请在所有地方按同一顺序获取这些锁，或一次只持有其中一个。',
    );
    assert.equal(
      chinese.message(
        'Not everything was recorded, because the trace reached its size limit, and the disk of the trace was full. 3 samples are missing: long holds are split over lines less finely.',
      ),
      '有内容未被记录，因为跟踪数据达到了大小上限，并且跟踪数据所在的磁盘已满。缺少 3 个样本：长时间的持有在各行之间的分配不够细。',
    );
    assert.equal(chinese.message('What nobody knows.'), 'What nobody knows.');
  });
});
