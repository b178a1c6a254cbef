/**
 * Stands in for the VS Code executable: takes the command line that runTests() of `@vscode/test-electron` builds, runs the
 * suite in code-server's real workbench and extension host under headless Chromium, and exits with the suite's code.
 * HARNESS_TIMEOUT_MS ends a suite that hangs; HARNESS_VERBOSE shows the logs, HARNESS_KEEP keeps the folders.
 */
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { format } from 'node:util';
import type { Page } from 'playwright-core';
import { findChromium } from '../../scripts/testing/chromium.mjs';
import { launchChromium } from './support/browser';
import { CodeServer, findCodeServer } from './support/code-server';

/** Exit codes of its own, beside the suite's 0 and 1. */
const EXIT = { harness: 123, timeout: 124, pageCrash: 125, hostCrash: 126 } as const;

interface CommandLine {
  readonly extensions: readonly string[];
  readonly folders: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

function parse(args: readonly string[]): CommandLine {
  const extensions: string[] = [];
  const folders: string[] = [];
  const options = new Map<string, string>();
  for (const arg of args) {
    const match = /^--([\w-]+)(?:=(.*))?$/s.exec(arg);
    if (match === null) folders.push(resolve(arg));
    else if (match[1] === 'extensionDevelopmentPath') extensions.push(resolve(match[2] ?? ''));
    else options.set(match[1] ?? '', match[2] ?? '');
  }
  return { extensions, folders, options };
}

/** The workbench's own chatter: not the suite's output. */
const chatter =
  /^(%c|Ignoring fetching additional|Creat(ing|ion of)|Resolv(ing|ed) connection|\[(AgentHost|AccountPolicyGate|reconnection-grace|Service Worker)|Updating additional|Timed out waiting for authentication)/;

function print(args: readonly unknown[]): void {
  const text = format(...args);
  if (process.env['HARNESS_VERBOSE'] || !chatter.test(text)) console.log(text);
}

/** Opens the workbench on the suite; resolves to the suite's code. */
async function runSuite(page: Page, server: CodeServer, line: CommandLine): Promise<number> {
  const timeoutMs = Number(process.env['HARNESS_TIMEOUT_MS'] ?? 300_000);
  const address = new URL(`http://127.0.0.1:${server.port}/`);
  const folder = line.folders.at(-1);
  if (folder === undefined) address.searchParams.set('ew', 'true');
  else {
    const kind = folder.endsWith('.code-workspace') ? 'workspace' : 'folder';
    address.searchParams.set(kind, folder);
  }
  const payload = [
    ...line.extensions.map((path) => ['extensionDevelopmentPath', server.uri(path)]),
    ['extensionTestsPath', server.uri(resolve(line.options.get('extensionTestsPath') ?? ''))],
    ['skipWelcome', 'true'],
    ['skipReleaseNotes', 'true'],
  ];
  address.searchParams.set('payload', JSON.stringify(payload));

  const ended = new Promise<number>((settle) => {
    page.on('crash', () => settle(EXIT.pageCrash));
    void delay(timeoutMs, EXIT.timeout, { ref: false }).then(settle);
    void page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => print(args));
    void page.exposeFunction('codeAutomationExit', (code: number) => settle(code));
  });
  await page.goto(address.href);
  return ended;
}

/** The workbench reports a killed extension host as a success; the server's log tells the truth. */
async function hostEndedWell(server: CodeServer): Promise<boolean> {
  for (let tries = 0; tries < 100; tries += 1) {
    const line = /Extension Host Process exited with code: (\S+), signal/.exec(server.log);
    if (line !== null) return line[1] === '0';
    await delay(100);
  }
  return false;
}

async function main(): Promise<number> {
  const line = parse(process.argv.slice(2));
  const installation = findCodeServer();
  const chromium = findChromium();
  if (installation === null || chromium === null) {
    throw new Error('needs code-server (scripts/get-vscode.sh) and Chromium');
  }
  const userDataDir = line.options.get('user-data-dir');
  const extensionsDir = line.options.get('extensions-dir');
  const server = await CodeServer.start(installation, {
    testDriver: true,
    trustEverything: line.options.has('disable-workspace-trust'),
    ...(userDataDir === undefined ? {} : { userDataDir: resolve(userDataDir) }),
    ...(extensionsDir === undefined ? {} : { extensionsDir: resolve(extensionsDir) }),
  });
  const browser = await launchChromium(chromium);
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const code = await runSuite(page, server, line);
    const shots = process.env['HARNESS_SCREENSHOTS'];
    if (shots) await page.screenshot({ path: join(shots, 'suite.png') }).catch(() => undefined);
    if (code === EXIT.timeout) console.error('vscode-stand-in: the suite did not end in time');
    if (code === EXIT.pageCrash) console.error('vscode-stand-in: the page crashed');
    if (code !== 0 || (await hostEndedWell(server))) return code;
    console.error('vscode-stand-in: the extension host was killed or crashed');
    return EXIT.hostCrash;
  } finally {
    await browser.close().catch(() => undefined);
    server.stop();
  }
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(
      `vscode-stand-in: ${error instanceof Error ? (error.stack ?? '') : String(error)}`,
    );
    process.exit(EXIT.harness);
  },
);
