/** Whatever the extension offers is used by a test in VS Code: this names what a new entry of the manifest lacks. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: {
      readonly properties: Readonly<Record<string, { readonly enum?: readonly string[] }>>;
    };
    readonly colors: readonly { readonly id: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly customEditors: readonly {
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
    readonly taskDefinitions: readonly {
      readonly type: string;
      readonly properties: Readonly<Record<string, unknown>>;
    }[];
    readonly walkthroughs: readonly { readonly steps: readonly { readonly id: string }[] }[];
    readonly languages: readonly { readonly id: string }[];
  };
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const texts = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;

/** The tests that run in VS Code or on its page; not those that only list the manifest. */
const tests = readdirSync('test/editor', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts') && !name.endsWith('manifest.test.ts'))
  .map((name) => readFileSync(join('test/editor', name), 'utf8'))
  .join('\n');

/** What is not there in quotes in any of the ways. */
function lacking(entries: readonly (readonly [string, readonly string[]])[]): string[] {
  const isUsed = (ways: readonly string[]): boolean =>
    ways.some((way) => ["'", '"', '`'].some((quote) => tests.includes(`${quote}${way}${quote}`)));
  return entries.filter(([, ways]) => !isUsed(ways)).map(([name]) => name);
}

describe('in VS Code there is a test of', () => {
  it('each command, by its id or from the palette', () => {
    const entries = contributes.commands.map(
      ({ command, title }) =>
        [command, [command, `GILscope: ${texts[title.slice(1, -1)] ?? ''}`]] as const,
    );
    assert.ok(entries.length > 20);
    assert.deepEqual(lacking(entries), []);
  });

  it('each setting, and each value of those that have a list', () => {
    const properties = Object.entries(contributes.configuration.properties);
    const entries = properties.map(([id]) => [id, [id, id.replace('gilscope.', '')]] as const);
    const values = properties.flatMap(([id, setting]) =>
      (setting.enum ?? []).map((value) => [`${id}: ${value}`, [value]] as const),
    );
    assert.deepEqual(lacking([...entries, ...values]), []);
  });

  it('each colour', () => {
    assert.deepEqual(lacking(contributes.colors.map(({ id }) => [id, [id]] as const)), []);
  });

  it('each view, editor, task with its properties, language and step of the walkthrough', () => {
    const { views, customEditors, taskDefinitions, languages, walkthroughs } = contributes;
    const entries = [
      ...Object.values(views)
        .flat()
        .map(({ id }) => [id, [id, `${id}.focus`]] as const),
      ...taskDefinitions.map(({ type }) => [type, [type]] as const),
      ...languages.map(({ id }) => [id, [id]] as const),
    ];
    assert.deepEqual(lacking(entries), []);
    for (const { selector } of customEditors) {
      for (const { filenamePattern } of selector) {
        assert.ok(tests.includes(filenamePattern.replace('*', '')), filenamePattern);
      }
    }
    const unused = taskDefinitions
      .flatMap(({ properties }) => Object.keys(properties))
      .filter((name) => !new RegExp(`\\b${name}: `).test(tests));
    assert.deepEqual(unused, []);
    assert.equal(walkthroughs.flatMap(({ steps }) => steps).length, 4);
  });
});
