// `node scripts/screenshots.mjs [EXAMPLE.py]`: makes media/screenshot.png from a real run. Needs what the editor tests need.
import { spawnSync } from 'node:child_process';
import { copyFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageExtension } from './package.mjs';
import { bundledFile, bundleTests, removeBundles, root } from './testing/bundle.mjs';
import { editorPython } from './testing/editor.mjs';

const pictures = 'test/editor/pictures.ts';
const taken = join(root, 'build', 'screenshots');
const example = resolve(process.argv[2] ?? join(root, 'examples', 'contention.py'));

await bundleTests('pictures', [pictures]);
const done = spawnSync(process.execPath, [bundledFile(pictures), example], {
  cwd: root,
  stdio: 'inherit',
  env: {
    ...process.env,
    GILSCOPE_VSIX: await packageExtension(join(root, 'build', 'gilscope.vsix')),
    GILSCOPE_PYTHON: editorPython(),
    HARNESS_SCREENSHOTS: taken,
  },
});
if (done.status === 0)
  copyFileSync(join(taken, 'screenshot.png'), join(root, 'media', 'screenshot.png'));
process.exitCode = done.status ?? 1;
removeBundles();
