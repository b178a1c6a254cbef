import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { findChromium } from '../../../scripts/testing/chromium.mjs';
import { launchChromium } from './browser';
import { CodeServer, findCodeServer, writeMachineSettings } from './code-server';
import { Workbench } from './workbench';

/** The packaged extension in a workbench, on a copy of the test workspace. */
export interface Session {
  readonly workbench: Workbench;
  /** The folder that is open; its name has a space and letters beyond ASCII. */
  readonly folder: string;
  /** Replaces the settings of the machine and of the workspace, on disk, where the workbench watches them. */
  setSettings(settings: Readonly<Record<string, unknown>>): void;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly trusted?: boolean;
  /** The folder that is copied and opened. */
  readonly workspace?: string;
  /** Settings of the user, beside those of every test. */
  readonly settings?: Readonly<Record<string, unknown>>;
}

function given(name: string): string {
  const value = process.env[name];
  if (value === undefined)
    throw new Error(`${name} is not set: start this by \`npm test -- editor\``);
  return value;
}

/** The settings that name the interpreter under test. */
export function testSettings(): Record<string, unknown> {
  return { 'gilscope.python': given('GILSCOPE_PYTHON') };
}

/** Starts all of it. Without trust, the workspace opens in Restricted Mode without asking. */
export async function openSession(options: SessionOptions = {}): Promise<Session> {
  const trusted = options.trusted ?? true;
  const installation = findCodeServer();
  const chromium = findChromium();
  if (installation === null || chromium === null) throw new Error('no code-server or no Chromium');
  const root = mkdtempSync(join(tmpdir(), 'gilscope-dom-'));
  const folder = join(root, 'work space ü');
  const userDataDir = join(root, 'user');
  cpSync(options.workspace ?? join('test', 'editor', 'workspace'), folder, { recursive: true });
  const settings = {
    ...testSettings(),
    ...options.settings,
    ...(trusted ? {} : { 'security.workspace.trust.startupPrompt': 'never' }),
  };
  const server = await CodeServer.start(installation, {
    vsix: given('GILSCOPE_VSIX'),
    trustEverything: trusted,
    userDataDir,
    settings,
  });
  let browser: Browser | undefined;
  const close = async (): Promise<void> => {
    await browser?.close();
    server.stop();
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  };
  try {
    browser = await launchChromium(chromium);
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    const workbench = new Workbench(page, server.port);
    await workbench.openFolder(folder);
    const setSettings: Session['setSettings'] = (values) => {
      writeMachineSettings(userDataDir, values);
      mkdirSync(join(folder, '.vscode'), { recursive: true });
      writeFileSync(join(folder, '.vscode', 'settings.json'), JSON.stringify(values));
    };
    return { workbench, folder, setSettings, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What the profiled program wrote down about itself, beside its source. */
export function measuredBy(folder: string, script: string): Record<string, unknown> | null {
  try {
    const file = join(folder, script.replace(/\.py$/, '.json'));
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
