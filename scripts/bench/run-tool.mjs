// One run of one program under one tool, and what came of it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root } from '../testing/bundle.mjs';
import { findWrk } from './tools.mjs';

const LOAD_SECONDS = 1;
const CONNECTIONS = 8;

/** Requests in a second under load. */
async function load(executable, port) {
  const wrk = findWrk();
  const url = `http://127.0.0.1:${port}/`;
  const own = [join(root, 'test/fixtures/bench/load.py'), port, CONNECTIONS, LOAD_SECONDS];
  const command = wrk
    ? [wrk.path, '-t1', `-c${CONNECTIONS}`, `-d${LOAD_SECONDS}s`, url]
    : [executable, ...own.map(String)];
  const child = spawn(command[0], command.slice(1), { env: wrk?.env ?? process.env });
  let said = '';
  child.stdout.on('data', (text) => (said += text));
  await once(child, 'close');
  const [, rate] = /Requests\/sec:\s*([\d.]+)/.exec(said) ?? [];
  if (rate === undefined) throw new Error(`${command.join(' ')} gave no rate: ${said}`);
  return Number(rate);
}

function stop(port) {
  return new Promise((done) => {
    const request = get({ host: '127.0.0.1', port, path: '/stop', agent: false }, (answer) =>
      answer.resume().on('end', done),
    );
    request.on('error', done);
  });
}

/** What a server's driver hears: its port, then load, then its end. */
function serverDriver(executable) {
  let said = '';
  let started = false;
  const driver = { rate: null, failure: null, work: null };
  driver.onOutput = (text) => {
    said += text;
    const [, port] = /port (\d+)\n/.exec(said) ?? [];
    if (port === undefined || started) return;
    started = true;
    driver.work = load(executable, port)
      .then((rate) => (driver.rate = rate))
      .catch((error) => (driver.failure = error))
      .finally(() => stop(port));
  };
  return driver;
}

/**
 * `run`: starts it, given `onOutput`, and answers what `runProcess` does, with `wallMs` where it is known.
 * Answers {median} in ns a unit of work.
 */
export async function measureRun(row, executable, run) {
  const driver = row.server ? serverDriver(executable) : null;
  const before = performance.now();
  const { ended, wallMs, ...more } = await run(driver?.onOutput);
  const elapsedMs = wallMs ?? performance.now() - before;
  await driver?.work;
  if (ended.code !== 0)
    throw new Error(`ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
  return { times: timesOf(row, ended, driver, elapsedMs), ...more };
}

function timesOf(row, ended, driver, elapsedMs) {
  if (row.whole) return { median: elapsedMs * 1e6 };
  if (driver !== null) {
    if (!driver.rate) throw driver.failure ?? new Error('it answered no request');
    return { median: 1e9 / driver.rate };
  }
  const [, said] = /^measured (.*)$/m.exec(ended.stdout.toString()) ?? [];
  if (said === undefined) throw new Error(`it did not say its times: ${ended.stderr}`);
  return JSON.parse(said);
}

/** Calls with a path for the tool's output, which is removed afterwards. */
export async function withOutput(work) {
  const folder = mkdtempSync(join(tmpdir(), 'gilscope-bench-'));
  try {
    return await work(join(folder, 'out'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
