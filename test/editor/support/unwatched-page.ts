import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChartPage } from '../../support/chart-page';
import { findChromium } from '../../../scripts/testing/chromium.mjs';
import { browserFlags } from './browser';

const GIVE_UP_MS = 150_000;
const LOOK_MS = 200;

/**
 * Plays by itself what a user does: zooms in, moves, zooms out; then tells the server. Nobody drives this page from
 * outside: a browser keeps a copy of each answer for whoever debugs it, and would charge it to the page.
 */
export const PLAY = `
  const frame = () => new Promise(requestAnimationFrame);
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const settled = async () => {
    for (let quiet = 0; quiet < 24; quiet++) {
      await frame();
      if (window.pending > 0 || document.querySelector('.stage') === null) quiet = 0;
    }
  };
  const turn = async (options) => {
    const stage = document.querySelector('.stage');
    const { x, y, width } = stage.getBoundingClientRect();
    for (let step = 0; step < 60; step++) {
      const place = { clientX: x + width / 2, clientY: y + 300, bubbles: true, cancelable: true };
      stage.dispatchEvent(new WheelEvent('wheel', { ...place, ...options }));
      await pause(16);
    }
  };
  const play = async () => {
    await settled();
    await turn({ deltaY: -60, ctrlKey: true });
    await turn({ deltaX: 6 });
    await turn({ deltaY: 60, ctrlKey: true });
    await settled();
    // As it is once it stands still.
    await pause(3000);
    gc();
    await pause(500);
    const { innerWidth, innerHeight, devicePixelRatio } = window;
    const page = innerWidth + ' × ' + innerHeight + ' at ' + devicePixelRatio;
    await fetch('/message', { method: 'POST', body: JSON.stringify({ type: 'log', level: 'info', message: 'played ' + page }) });
  };
  addEventListener('load', () => void play());`;

/** Bytes of the process that runs the chart after it was played with; 0: this system does not say. */
export async function playedMemory(host: ChartPage, url: string, ratio: number): Promise<number> {
  const chromium = findChromium();
  if (chromium === null) throw new Error('No Chromium. Debian: apt install chromium');
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-page-'));
  const told = host.messages.length;
  host.script = PLAY;
  const browser = spawn(
    chromium,
    [
      ...browserFlags,
      `--user-data-dir=${folder}`,
      '--js-flags=--expose-gc',
      // Less what the window itself takes: the page has 1250 rows, as that whose frames are timed.
      '--window-size=1600,1393',
      `--force-device-scale-factor=${ratio}`,
      url,
    ],
    { stdio: 'ignore' },
  );
  try {
    for (const giveUpAt = performance.now() + GIVE_UP_MS; !isPlayed(host, told);) {
      if (performance.now() > giveUpAt) throw new Error('The chart was never played to its end.');
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
    return Math.max(0, ...renderersOf(browser.pid ?? 0).map(residentBytes));
  } finally {
    host.script = '';
    const gone = new Promise((resolve) => browser.once('exit', resolve));
    browser.kill();
    await gone;
    await remove(folder);
  }
}

/** Processes of the browser may still write into it for a moment. */
async function remove(folder: string): Promise<void> {
  for (const giveUpAt = performance.now() + 30 * LOOK_MS; ;) {
    try {
      rmSync(folder, { recursive: true, force: true });
      return;
    } catch (error) {
      if (performance.now() > giveUpAt) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  }
}

function isPlayed({ messages }: ChartPage, from: number): boolean {
  return messages.slice(from).some((message) => JSON.stringify(message).includes('"played '));
}

/** The processes of a browser that run pages. */
function renderersOf(browser: number): number[] {
  const parents = new Map<number, number>();
  const renderers: number[] = [];
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/stat`, 'utf8');
      parents.set(Number(name), Number(/\) \S (\d+)/.exec(status)?.[1] ?? 0));
      const isRenderer = readFileSync(`/proc/${name}/cmdline`, 'utf8').includes('--type=renderer');
      if (isRenderer) renderers.push(Number(name));
    } catch {
      // It has ended meanwhile.
    }
  }
  const isOurs = (pid: number): boolean =>
    pid === browser || (pid > 1 && isOurs(parents.get(pid) ?? 0));
  return renderers.filter(isOurs);
}

/** What a process has to itself and its part of what it shares; 0: only Linux says. */
export function residentBytes(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
