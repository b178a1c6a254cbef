/** Everything that the manifest contributes is used by a test in a real VS Code. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string; readonly title: string }[];
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly colors: readonly { readonly id: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
    readonly customEditors: readonly { readonly viewType: string }[];
    readonly taskDefinitions: readonly { readonly type: string }[];
  };
}

const { contributes } = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
const titles = JSON.parse(readFileSync('package.nls.json', 'utf8')) as Record<string, string>;

/** The tests that run in VS Code: its extension host, and its page. */
function testsInVsCode(): string {
  const folders = [join('test', 'editor'), join('test', 'editor', 'suite')];
  return folders
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)))
    .filter((name) => name.endsWith('.test.ts') && !name.endsWith('.browser.test.ts'))
    .map((name) => readFileSync(name, 'utf8'))
    .join('\n');
}

const tests = testsInVsCode();
const unused = (names: readonly string[], isUsed: (name: string) => boolean): string[] =>
  names.filter((name) => !isUsed(name));

describe('tests in VS Code use', () => {
  it('every command, by its name or its title in the palette', () => {
    const titleOf = new Map(
      contributes.commands.map(({ command, title }) => [
        command,
        `GILscope: ${(titles[title.replaceAll('%', '')] ?? '?').replace('…', '')}`,
      ]),
    );
    const isUsed = (command: string): boolean =>
      [`'${command}'`, `'${titleOf.get(command) ?? ''}'`].some((used) => tests.includes(used));
    assert.deepEqual(unused([...titleOf.keys()], isUsed), []);
  });

  it('every setting', () => {
    const isUsed = (id: string): boolean =>
      [`'${id}'`, `('${id.replace('gilscope.', '')}'`].some((used) => tests.includes(used));
    assert.deepEqual(unused(Object.keys(contributes.configuration.properties), isUsed), []);
  });

  it('every colour', () => {
    const ids = contributes.colors.map(({ id }) => id);
    assert.deepEqual(
      unused(ids, (id) => tests.includes(`'${id}'`)),
      [],
    );
  });

  it('every view, editor and kind of task', () => {
    const ids = [
      ...Object.values(contributes.views).flatMap((views) => views.map(({ id }) => id)),
      ...contributes.customEditors.map(({ viewType }) => viewType),
      ...contributes.taskDefinitions.map(({ type }) => type),
    ];
    assert.deepEqual(
      unused(ids, (id) => tests.includes(`'${id}'`)),
      [],
    );
  });
});
