import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { defaultNativeFolder } from '../interpreter/platform';
import { openProfileWorker } from '../profile/worker-client';
import { LanguageServer } from './connection';

/** The language server over standard input and output: `dist/server.js`, also by `gilscope serve --stdio`. */
const connection = createConnection(ProposedFeatures.all, process.stdin, process.stdout);
const server = new LanguageServer(connection, {
  openWorker: (path) => openProfileWorker(path),
  nativeFolder: defaultNativeFolder(),
  assetFolder: __dirname,
  env: programEnvironment(),
});

// A killed editor leaves no time for a farewell; programs and folders of ours must not stay behind.
process.once('exit', () => server.dispose());
for (const [signal, status] of [
  ['SIGHUP', 129],
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const) {
  process.once(signal, () => process.exit(status));
}
server.listen();

/** Our own environment without what makes VS Code's executable a Node that runs this server. */
function programEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env };
  delete env['ELECTRON_RUN_AS_NODE'];
  return env;
}
