/** Every language has every text, with what must not be translated in it left as it is. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { describe, it } from 'node:test';

type Texts = Readonly<Record<string, string>>;

/** A kind of file with texts: the English one, and the names of its translations. */
interface TextFile {
  readonly folder: string;
  readonly english: string;
  readonly translated: RegExp;
}

const MANIFEST: TextFile = {
  folder: '.',
  english: 'package.nls.json',
  translated: /^package\.nls\.([\w-]+)\.json$/,
};
const CLIENT: TextFile = {
  folder: 'l10n',
  english: 'bundle.l10n.json',
  translated: /^bundle\.l10n\.([\w-]+)\.json$/,
};
/** Letters that a text of the language has, wherever it is translated. */
const SCRIPTS: Readonly<Record<string, RegExp>> = { 'zh-cn': /\p{Script=Han}/u };
/** Names, abbreviations, numbers and what is typed: the same in every language. */
const SAME = new Set([
  'GIL',
  'GIL {0}',
  'GIL {0} % · {1}',
  'GILscope',
  'JSON',
  'PID',
  'TID',
  'tid {0}',
  'package.module --count 3',
]);
/** What stays as it is, though the words around it may change places. */
const KEPT = [
  /\{\d+\}/g,
  /`[^`]*`/g,
  /\]\([^)]*\)/g,
  /\$\{\w+\}/g,
  /\bgilscope\.[\w.]+/g,
  /\b(?:thread|process|file|lock):/g,
  /\b(?:Ctrl|Shift|Enter|Escape)\b|\([A-Z+−0]\)/g,
  /\bpython -m\b/g,
  /\b(?:launch\.json|envFile|package\.module|main\.py|CPython)\b/g,
  /\n/g,
];

function readTexts(folder: string, name: string): Texts {
  return JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Texts;
}

function translationsOf({ folder, translated }: TextFile): ReadonlyMap<string, Texts> {
  const found = new Map<string, Texts>();
  for (const name of readdirSync(folder)) {
    const language = translated.exec(name)?.[1];
    if (language !== undefined) found.set(language, readTexts(folder, name));
  }
  return found;
}

function kept(text: string): readonly string[] {
  return KEPT.flatMap((pattern) => text.match(pattern) ?? []).sort();
}

/** Titles of commands that a text names, without the dots of those that ask for more. */
function namedCommands(text: string): readonly string[] {
  const named = text.matchAll(/GILscope: ([^*"“”]+)[*"”]|\[([^\]]+)\]\(command:/g);
  return [...named].map(([, quoted, link]) => (quoted ?? link ?? '').replace('…', ''));
}

describe('translations', () => {
  it('are there for the manifest and the client in the same languages', () => {
    const languages = [...translationsOf(MANIFEST).keys()].sort();
    assert.deepEqual([...translationsOf(CLIENT).keys()].sort(), languages);
    assert.deepEqual(languages, Object.keys(SCRIPTS).sort());
  });

  for (const file of [MANIFEST, CLIENT]) {
    const english = readTexts(file.folder, file.english);
    for (const [language, texts] of translationsOf(file)) {
      describe(`of ${file.english} into ${language}`, () => {
        it('have its keys, in its order, and no others', () => {
          assert.deepEqual(Object.keys(texts), Object.keys(english));
        });

        it('keep placeholders, code, links and names', () => {
          for (const [key, text] of Object.entries(english)) {
            assert.deepEqual(kept(texts[key] ?? ''), kept(text), key);
          }
        });

        it('leave no text in English, and translate what is not on the list', () => {
          const script = SCRIPTS[language];
          assert.ok(script);
          for (const [key, text] of Object.entries(english)) {
            if (SAME.has(text)) assert.equal(texts[key], text, key);
            else assert.match(texts[key] ?? '', script, key);
          }
        });

        it('name commands by their translated titles', () => {
          const titles = readTexts(MANIFEST.folder, MANIFEST.english);
          const translated = translationsOf(MANIFEST).get(language) ?? {};
          const byEnglish = new Map(
            Object.entries(titles)
              .filter(([key]) => key.startsWith('command.'))
              .map(([key, title]) => [title.replace('…', ''), translated[key]?.replace('…', '')]),
          );
          for (const [key, text] of Object.entries(english)) {
            const expected = namedCommands(text).map((title) => byEnglish.get(title));
            assert.deepEqual(namedCommands(texts[key] ?? ''), expected, key);
          }
        });
      });
    }
  }

  it('are there for the pictures of the walkthrough, which VS Code finds by their names', () => {
    const folder = 'media/walkthrough';
    const english = readdirSync(folder).filter((name) => !name.includes('.nls.'));
    assert.ok(english.length >= 4);
    for (const [language, script] of Object.entries(SCRIPTS)) {
      for (const name of english) {
        const read = (file: string): string => readFileSync(`${folder}/${file}`, 'utf8');
        const [text, own] = [read(name), read(name.replace(/\.md$/, `.nls.${language}.md`))];
        assert.match(own, script, name);
        const parts = (markdown: string): number[] =>
          [/^#/gm, /^- /gm, /^\|/gm].map((part) => markdown.match(part)?.length ?? 0);
        assert.deepEqual(parts(own), parts(text), name);
      }
    }
  });

  it('would be found wanting: a placeholder, a link or a name that is lost', () => {
    for (const [before, after] of [
      ['{0} to {1}', '{0} 至 {0}'],
      ['`off`', 'off'],
      ['[Open](command:gilscope.openChart)', '[打开](command:gilscope.openExample)'],
      ['file: and lock: find', 'file: 和锁：查找'],
      ['Next (N)', '下一个 (P)'],
    ] as const) {
      assert.notDeepEqual(kept(after), kept(before), before);
    }
    assert.deepEqual(namedCommands('run “GILscope: Open Profile…”.'), ['Open Profile']);
    assert.deepEqual(namedCommands('*GILscope: Stop*, [Open Chart](command:x)'), [
      'Stop',
      'Open Chart',
    ]);
  });
});
