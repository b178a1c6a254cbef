// Programs that work in short turns, one after another: whatever the machine does meanwhile, it does to all of them.
// Between its turns a program is stopped, with all that its tool started, and so takes no time from the others.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const PATIENCE_MS = 30_000;

/** A program of test/fixtures/bench/ that works when it is told to (measured.py). */
class PacedProgram {
  constructor([executable, ...args], env) {
    this.child = spawn(executable, args, { env: { ...env, BENCH_PACED: '1' }, detached: true });
    this.closed = once(this.child, 'close');
    this.closed.catch(() => undefined);
    this.child.stdin.on('error', () => undefined);
    this.said = '';
    this.child.stderr.on('data', (text) => (this.said = (this.said + text).slice(-4000)));
    const lines = createInterface({ input: this.child.stdout });
    lines.on('line', (line) => {
      // A tool may say something of its own on the same line.
      const [, turn] = /turn (\{[^}]*\})/.exec(line) ?? [];
      if (turn !== undefined) this.answer?.(JSON.parse(turn));
    });
  }

  signal(name) {
    try {
      process.kill(-this.child.pid, name);
    } catch (error) {
      if (error.code !== 'ESRCH') throw error;
    }
  }

  /** Nanoseconds of one unit of its work, and of CPU time. */
  async turn(seconds) {
    const answered = new Promise((answer) => (this.answer = answer));
    this.signal('SIGCONT');
    this.child.stdin.write(`${seconds}\n`);
    const over = this.closed.then(([code, signal]) => {
      throw new Error(`ended with ${code ?? signal}: ${this.said}`);
    });
    const given = await this.soon(Promise.race([answered, over]), 'answer');
    this.signal('SIGSTOP');
    return given;
  }

  async end() {
    this.signal('SIGCONT');
    this.child.stdin.end();
    const [code, signal] = await this.soon(this.closed, 'end');
    if (code !== 0) throw new Error(`ended with ${code ?? signal}: ${this.said}`);
    return { code, signal };
  }

  /** What is promised, unless it takes too long. */
  async soon(promise, what) {
    let timer;
    const late = new Promise((_, refuse) => {
      const failure = new Error(`no ${what} within ${PATIENCE_MS / 1000} s: ${this.said}`);
      timer = setTimeout(() => refuse(failure), PATIENCE_MS);
    });
    try {
      return await Promise.race([promise, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  kill() {
    this.signal('SIGKILL');
  }
}

function shuffle(items) {
  const rest = [...items];
  return items.map(() => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]);
}

/**
 * contestants: {name, command, env}. Answers for each name its turns, and its exit or null; or {failed} of one that did
 * not bear it, which leaves the others as they are.
 */
export async function takeTurns(contestants, { count, seconds }) {
  const running = contestants.map(({ name, command, env }) => ({
    name,
    program: new PacedProgram(command, env),
    turns: [],
  }));
  const attempt = async (each, action) => {
    try {
      if (each.failed === undefined) await action();
    } catch (error) {
      each.failed = error.message;
      each.program.kill();
    }
  };
  try {
    // The first turn warms up.
    for (let turn = 0; turn <= count; turn++) {
      for (const each of shuffle(running)) {
        await attempt(each, async () => {
          const given = await each.program.turn(seconds);
          if (turn > 0) each.turns.push(given);
        });
      }
    }
    for (const each of running) {
      // The turns count, also of a tool that hangs at its end.
      if (each.failed === undefined) each.ended = await each.program.end().catch(() => null);
    }
  } finally {
    for (const { program } of running) program.kill();
  }
  return new Map(running.map(({ name, ...rest }) => [name, rest]));
}
