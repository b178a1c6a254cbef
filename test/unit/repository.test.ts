/** What must hold for the repository as a whole: sizes, pinned packages, no leftovers, a tight package. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';

function run(command: string, args: readonly string[]): string {
  const done = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(done.status, 0, `${command} ${args.join(' ')}: ${done.stderr}`);
  return done.stdout;
}

/** Files of the project, those not yet added too; ignored and deleted ones left out. */
const files = run('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'])
  .split('\0')
  .filter((name) => name !== '' && existsSync(name));
const textFiles = files.filter((name) => !/\.(png|gif|gilscope|trace|bin)$/.test(name));
const read = (name: string): string => readFileSync(name, 'utf8');

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly configuration: { readonly properties: Readonly<Record<string, unknown>> };
    readonly commands: readonly { readonly command: string }[];
  };
}
const manifest = JSON.parse(read('package.json')) as Manifest;

describe('sources', () => {
  it('are short', () => {
    const sources = files.filter((name) => /\.([cm]?[jt]sx?|[ch]|css|py|sh)$/.test(name));
    const long = sources.filter((name) => read(name).split('\n').length > 501);
    assert.deepEqual(long, []);
    assert.ok(sources.length > 50);
  });

  it('leave nothing for later and name nobody’s machine', () => {
    // In pieces, so that this file does not name them itself.
    const words = [
      ['TO', 'DO'],
      ['FIX', 'ME'],
      ['X', 'XX'],
      ['/ro', 'ot/'],
    ];
    const hosts = [
      ['registry.', 'npmjs'],
      ['pypi.', 'org'],
      ['deb.', 'debian'],
      ['pythonhosted', '.org'],
    ];
    const forbidden = new RegExp([...words, ...hosts].map((parts) => parts.join('')).join('|'));
    const found = textFiles.filter(
      (name) => name !== 'package-lock.json' && forbidden.test(read(name)),
    );
    assert.deepEqual(found, []);
  });
});

describe('packages', () => {
  it('are pinned to exact versions', () => {
    const all = { ...manifest.dependencies, ...manifest.devDependencies };
    for (const [name, version] of Object.entries(all)) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name);
    }
  });

  it('are locked without the address they came from', () => {
    assert.doesNotMatch(read('package-lock.json'), /"resolved"/);
  });
});

describe('the VSIX', () => {
  const packaged = run(process.execPath, [
    '--input-type=module',
    '--eval',
    "import { packagedFiles } from './scripts/package.mjs'; console.log((await packagedFiles()).join('\\n'));",
  ])
    .trim()
    .split('\n');

  it('holds what a user needs', () => {
    const needed = [
      'package.json',
      'package.nls.json',
      'package.nls.zh-cn.json',
      'l10n/bundle.l10n.zh-cn.json',
      'README.md',
      'CHANGELOG.md',
      'LICENSE',
      'media/icon.png',
    ];
    assert.deepEqual(
      needed.filter((name) => !packaged.includes(name)),
      [],
    );
  });

  it('holds nothing else', () => {
    const allowed =
      /^(package(\.nls(\.[\w-]+)?)?\.json|README\.md|CHANGELOG\.md|LICENSE|examples\/contention\.py|media\/(icon|walkthrough\/.*)\.(png|md)|l10n\/bundle\.l10n\.[\w-]+\.json|syntaxes\/.*\.json|language-configuration\/.*\.json|dist\/[\w-]+\.(js|css)|dist\/native\/(libgilscope\.so|gilscope-host))$/;
    assert.deepEqual(
      packaged.filter((name) => !allowed.test(name)),
      [],
    );
  });
});

describe('the README', () => {
  const readme = read('README.md');

  it('names every setting', () => {
    const settings = Object.keys(manifest.contributes.configuration.properties);
    assert.ok(settings.length > 0);
    assert.deepEqual(
      settings.filter((name) => !readme.includes(`\`${name}\``)),
      [],
    );
  });

  it('shows pictures that exist and that VS Code accepts', () => {
    const pictures = [...readme.matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)].map((match) => match[1] ?? '');
    assert.ok(pictures.length > 0);
    for (const name of pictures) {
      assert.match(name, /\.(png|gif)$/);
      assert.ok(existsSync(name), `${name} is missing`);
    }
    assert.doesNotMatch(readme, /<svg/i);
  });
});
