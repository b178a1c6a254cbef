// `npm run bench:chart [-- --only tiles|chart|others] [-- --write]`: what the chart costs on 5 million segments, in
// headless Chromium, beside other ways of drawing them. `--write` puts the table into docs/chart-performance.md.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format, resolveConfig } from 'prettier';
import { buildAll } from './build.mjs';
import { bundledFile, bundleTests, keepBundlesIn, root } from './testing/bundle.mjs';

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
  const text = readFileSync(doc, 'utf8');
  writeFileSync(doc, await format(text, { ...(await resolveConfig(doc)), filepath: doc }));
}
process.exitCode = done.status ?? 1;
