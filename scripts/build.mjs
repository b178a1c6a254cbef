// Bundles extension, server and chart into dist/, and compiles the probe and the host into dist/native/.
// `--watch` rebuilds on change; `--production` minifies.
import { build, context } from 'esbuild';
import { argv } from 'node:process';
import { pathToFileURL } from 'node:url';
import { buildNative } from './build-native.mjs';

const common = {
  bundle: true,
  sourcemap: true,
  sourcesContent: false,
  logLevel: 'warning',
  define: { 'process.env.NODE_ENV': '"development"' },
};
/** What users get: small, without source maps. */
const released = {
  minify: true,
  sourcemap: false,
  define: { 'process.env.NODE_ENV': '"production"' },
};
const node = { ...common, platform: 'node', target: 'node20', format: 'cjs' };

export const bundles = [
  {
    ...node,
    entryPoints: {
      extension: 'extension/main.ts',
      'terminal-runner': 'extension/terminal-runner.ts',
    },
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

/** Builds everything into dist/. @throws where a source does not compile. */
export async function buildAll({ production = false } = {}) {
  buildNative();
  const added = production ? released : {};
  await Promise.all(bundles.map((options) => build({ ...options, ...added })));
}

async function watchAll() {
  buildNative();
  for (const options of bundles) await (await context({ ...options, logLevel: 'info' })).watch();
}

if (import.meta.url === pathToFileURL(argv[1]).href) {
  try {
    if (argv.includes('--watch')) await watchAll();
    else await buildAll({ production: argv.includes('--production') });
  } catch (error) {
    // esbuild has said what is wrong with a source; a compiler has not.
    if (error.errors === undefined) console.error(error.message);
    process.exitCode = 1;
  }
}
