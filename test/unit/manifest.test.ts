import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { CONTEXT_AT_START } from '../../extension/context-keys';
import { clientSources, clientTexts } from '../support/client-texts';

interface Manifest {
  readonly icon: string;
  readonly l10n: string;
  readonly activationEvents: readonly string[];
  readonly extensionKind: readonly string[];
  readonly extensionDependencies?: readonly string[];
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string;
      readonly restrictedConfigurations: readonly string[];
    };
    readonly virtualWorkspaces: { readonly supported: boolean };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
      readonly enablement?: string;
    }[];
    readonly menus: Readonly<
      Record<
        string,
        readonly { readonly command: string; readonly when?: string; readonly group?: string }[]
      >
    >;
    readonly configuration: {
      readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    };
    readonly colors: readonly {
      readonly id: string;
      readonly description: string;
      readonly defaults: Readonly<Record<string, string>>;
    }[];
    readonly keybindings?: readonly unknown[];
  };
}

const json = (file: string): unknown => JSON.parse(readFileSync(file, 'utf8'));
const manifest = json('package.json') as Manifest;
const { commands, menus, configuration, colors, keybindings } = manifest.contributes;
const sources = [...clientSources().values()].join('\n');
const BUNDLE = 'l10n/bundle.l10n.json';
const RUNS = ['profileFile', 'profileFileWithArguments', 'profileModule'];

describe('commands', () => {
  it('are registered where they are contributed, and the other way round', () => {
    const registered = clientSources().get('commands.ts') ?? '';
    const handled = [...registered.matchAll(/^ {4}'(gilscope\.\w+)':/gm)].map(([, id]) => id);
    assert.deepEqual(handled.sort(), commands.map(({ command }) => command).sort());
  });

  it('have one category and a title of their own', () => {
    for (const { category } of commands) assert.equal(category, 'GILscope');
    assert.equal(new Set(commands.map(({ title }) => title)).size, commands.length);
  });

  it('that run a program wait for trust, in menus and by themselves', () => {
    for (const name of RUNS) {
      const command = commands.find(({ command }) => command === `gilscope.${name}`);
      assert.match(command?.enablement ?? '', /\bisWorkspaceTrusted\b/);
      for (const entry of Object.values(menus).flat()) {
        if (entry.command === `gilscope.${name}`)
          assert.match(entry.when ?? '', /\bisWorkspaceTrusted\b/);
      }
    }
  });

  it('wait only for context keys that are set whenever the extension wakes', () => {
    const conditions = [
      ...readFileSync('package.json', 'utf8').matchAll(/"(?:when|enablement)": (".*")/g),
    ];
    const keys = conditions.flatMap(([, text]) =>
      [...(text ?? '').matchAll(/(?<!== )\bgilscope\.(\w+)/g)].map(([, key]) => key),
    );
    assert.deepEqual([...new Set(keys)].sort(), Object.keys(CONTEXT_AT_START).sort());
  });

  it('appear in menus only if they are contributed', () => {
    const known = new Set(commands.map(({ command }) => command));
    for (const { command } of Object.values(menus).flat()) assert.ok(known.has(command), command);
  });

  it('do not take the first place of the run button, nor any key', () => {
    for (const { group } of menus['editor/title/run'] ?? []) {
      assert.ok(Number(/@(\d+)$/.exec(group ?? '')?.[1]) >= 10, group);
    }
    assert.equal(keybindings, undefined);
  });

  it('that the code runs by name are contributed or belong to the editor', () => {
    const known = new Set(commands.map(({ command }) => command));
    const named = [...sources.matchAll(/command: '(gilscope\.\w+)'/g)].map(([, id]) => id ?? '');
    assert.notEqual(named.length, 0);
    for (const id of named) assert.ok(known.has(id), id);
  });
});

describe('settings', () => {
  const settings = Object.entries(configuration.properties);

  it('have a description, a default and a scope', () => {
    for (const [id, setting] of settings) {
      assert.match(id, /^gilscope\./);
      assert.ok(setting['markdownDescription'] ?? setting['description'], id);
      assert.notEqual(setting['default'], undefined, id);
      assert.ok(
        ['window', 'resource', 'machine-overridable'].includes(String(setting['scope'])),
        id,
      );
      const values = setting['enum'] as unknown[] | undefined;
      const descriptions = setting['enumDescriptions'] as unknown[] | undefined;
      assert.equal(descriptions?.length, values?.length, id);
    }
  });

  it('are all read, with the default that they state, and no others are', () => {
    const source = clientSources().get('settings.ts') ?? '';
    const read = new Map<string, unknown>();
    for (const [, id, value] of source.matchAll(/\.get(?:<\w+>)?\('([\w.]+)', ([^)]+)\)/g)) {
      read.set(`gilscope.${id}`, JSON.parse((value ?? '').replaceAll("'", '"')));
    }
    const stated = new Map(settings.map(([id, setting]) => [id, setting['default']]));
    assert.deepEqual([...read].sort(), [...stated].sort());
  });

  it('that name an interpreter or a path are restricted in untrusted workspaces', () => {
    const { untrustedWorkspaces, virtualWorkspaces } = manifest.capabilities;
    assert.equal(untrustedWorkspaces.supported, 'limited');
    assert.equal(virtualWorkspaces.supported, false);
    const paths = settings.filter(([, s]) => s['type'] === 'string' && !s['enum']);
    assert.deepEqual(
      [...untrustedWorkspaces.restrictedConfigurations].sort(),
      paths.map(([id]) => id).sort(),
    );
  });
});

describe('colours', () => {
  it('have a default for each of the four kinds of theme', () => {
    for (const { id, defaults } of colors) {
      assert.deepEqual(
        Object.keys(defaults).sort(),
        ['dark', 'highContrast', 'highContrastLight', 'light'],
        id,
      );
      for (const value of Object.values(defaults)) assert.match(value, /^#[0-9a-f]{6,8}$/);
    }
  });

  it('have one dot in their names, as CSS keeps only the first apart', () => {
    for (const { id } of colors) assert.match(id, /^gilscope\.\w+$/);
  });

  it('are contributed where the decorations use them', () => {
    const known = new Set(colors.map(({ id }) => id.replace('gilscope.', '')));
    const source = clientSources().get('inline-decorations.ts') ?? '';
    const used = [...source.matchAll(/(?:textType\(|hold: |wait: |blocks: )'(\w+)'/g)];
    assert.equal(used.length, 5);
    for (const [, id] of used) assert.ok(known.has(id ?? ''), id);
    for (const level of [1, 2, 3, 4]) assert.ok(known.has(`heat${level}`));
  });
});

describe('texts', () => {
  it('of the manifest are all in package.nls.json, and no others', () => {
    const used = [...readFileSync('package.json', 'utf8').matchAll(/"%([\w.]+)%"/g)];
    const texts = json('package.nls.json') as Record<string, string>;
    assert.deepEqual([...new Set(used.map(([, key]) => key))].sort(), Object.keys(texts).sort());
  });

  it('of the client are all in the bundle that translations start from, and no others', () => {
    const texts = [...clientTexts()].sort();
    if (process.env['GILSCOPE_UPDATE_TEXTS']) {
      const updated = Object.fromEntries(texts.map((text) => [text, text]));
      writeFileSync(BUNDLE, `${JSON.stringify(updated, null, 2)}\n`);
    }
    const bundle = json(BUNDLE) as Record<string, string>;
    const remedy = 'run GILSCOPE_UPDATE_TEXTS=1 npm test -- unit manifest';
    assert.deepEqual(Object.keys(bundle).sort(), texts, remedy);
    for (const [key, text] of Object.entries(bundle)) assert.equal(text, key);
  });

  it('go through the translation: no message is shown without it', () => {
    const shown = [...sources.matchAll(/show\w+Message\(\s*([^\s,]+)/g)].map(([, first]) => first);
    assert.notEqual(shown.length, 0);
    for (const first of shown) assert.match(first ?? '', /^(vscode\.l10n\.t|message|why)/);
  });
});

describe('the extension', () => {
  it('needs no other, and runs beside the files', () => {
    assert.equal(manifest.extensionDependencies, undefined);
    assert.deepEqual(manifest.extensionKind, ['workspace']);
  });

  it('wakes for Python and for a chart that was left open, never at every start', () => {
    assert.deepEqual([...manifest.activationEvents].sort(), [
      'onLanguage:python',
      'onWebviewPanel:gilscope.chart',
    ]);
  });

  it('has an icon of 256 × 256 pixels', () => {
    assert.ok(existsSync(manifest.icon));
    const png = readFileSync(manifest.icon);
    assert.equal(png.toString('latin1', 1, 4), 'PNG');
    assert.deepEqual([png.readUInt32BE(16), png.readUInt32BE(20)], [256, 256]);
  });
});
