// `npm run bench:chart [-- --only tiles|chart|others] [-- --write]`: what the chart costs on 5 million segments, in
// headless Chromium, beside other ways of drawing them. `--write` puts the table into docs/chart-performance.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { buildAll } from './build.mjs';
import { bundledFile, bundleTests, keepBundlesIn, root } from './testing/bundle.mjs';
import { writeDocument } from './testing/load-support.mjs';

const bench = 'test/editor/chart-bench.ts';
const doc = join('docs', 'chart-performance.md');
const options = process.argv
  .slice(2)
  .flatMap((option) => (option === '--write' ? ['--write', doc] : [option]));

process.chdir(root);
if (!process.env.GILSCOPE_BUILT || !existsSync('dist/chart.js'))
  await buildAll({ production: true });
keepBundlesIn('bench');
await bundleTests('editor', [bench]);
const done = spawnSync(
  process.execPath,
  ['--max-old-space-size=6000', bundledFile(bench), ...options],
  {
    stdio: 'inherit',
  },
);
if (options.includes('--write') && done.status === 0) {
  await writeDocument(basename(doc), readFileSync(doc, 'utf8'));
}
process.exitCode = done.status ?? 1;
