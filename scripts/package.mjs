// `npm run package [-- OUT.vsix]`: production build, then the VSIX for this platform with the probe inside.
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import vsce from '@vscode/vsce';
import { readFile } from 'node:fs/promises';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = 'linux-x64';

/** The files that the package would hold, relative to the project. */
export function packagedFiles() {
  return vsce.listFiles({ cwd: root, packageManager: vsce.PackageManager.None });
}

/** Builds and packs; returns the path of the VSIX. @throws where this platform has no probe to pack. */
export async function packageExtension(out) {
  if (`${process.platform}-${process.arch}` !== target) {
    throw new Error(
      `Packages are made for ${target} only: they hold the probe, built on the platform itself.`,
    );
  }
  const { buildAll } = await import('./build.mjs');
  await buildAll({ production: true });
  const manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const packagePath = resolve(
    out ?? join(root, `${manifest.name}-${target}-${manifest.version}.vsix`),
  );
  mkdirSync(dirname(packagePath), { recursive: true });
  const hasRepository = manifest.repository !== undefined;
  await vsce.createVSIX({
    cwd: root,
    packagePath,
    target,
    dependencies: false,
    allowMissingRepository: !hasRepository,
    // Without a public repository there is no address that relative links could be rewritten to.
    rewriteRelativeLinks: hasRepository,
  });
  return packagePath;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const file = await packageExtension(process.argv[2]);
    console.log(`${file}: ${(statSync(file).size / 1024).toFixed(0)} KiB`);
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
