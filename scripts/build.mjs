// Bundles extension, server and chart into dist/, and compiles the probe and the host into dist/native/.
// `--watch` rebuilds on change; `--production` minifies.
import { build, context } from 'esbuild';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { buildNative } from './build-native.mjs';

const production = argv.includes('--production');
const common = {
  bundle: true,
  minify: production,
  sourcemap: !production,
  sourcesContent: false,
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': JSON.stringify(production ? 'production' : 'development') },
};
const node = { ...common, platform: 'node', target: 'node20', format: 'cjs' };

export const bundles = [
  {
    ...node,
    entryPoints: { extension: 'extension/main.ts' },
    external: ['vscode'],
    outdir: 'dist',
  },
  {
    ...node,
    entryPoints: {
      server: 'server/lsp/main.ts',
      cli: 'server/cli.ts',
      'profile-worker': 'server/profile/worker.ts',
    },
    outdir: 'dist',
  },
  {
    ...common,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    entryPoints: {
      chart: 'extension/chart/main.tsx',
      standalone: 'extension/chart/standalone.tsx',
    },
    loader: { '.css': 'css' },
    outdir: 'dist',
  },
];

export async function buildAll() {
  await Promise.all([...bundles.map((options) => build(options)), buildNative()]);
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  if (argv.includes('--watch')) {
    await buildNative();
    for (const options of bundles) await (await context({ ...options, logLevel: 'info' })).watch();
  } else {
    await buildAll();
  }
}
