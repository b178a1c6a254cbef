/** The command line from outside, as a user or a script meets it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { Profile } from '../../server/protocol';
import type { StandaloneData } from '../../server/protocol-standalone';
import { findPythons } from '../../scripts/pythons.mjs';
import { gilPythons } from '../support/pythons';
import { dist, runProcess, type Ended, type RunControl } from '../support/run-profile';
import { temporaryFolder } from '../unit/interpreter/fake-python';

const cli = join(dist, 'cli.js');
const pythons = gilPythons();
const python = pythons.at(-1)?.path ?? '';

interface Options {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly onOutput?: (text: string, control: RunControl) => void;
}

function gilscope(args: readonly string[], options: Options): Promise<Ended> {
  return runProcess(process.execPath, [cli, ...args], {
    ...options,
    env: { ...process.env, ...options.env },
  });
}

function run(args: readonly string[], options: Options): Promise<Ended> {
  return gilscope(['run', '--python', python, ...args], options);
}

/** A folder with this program in it. */
function folderWith(t: TestContext, name: string, ...lines: string[]): string {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  return folder;
}

const CONTENTION = [
  'import threading, time',
  'END = time.monotonic() + 0.6',
  'def spin():',
  '    while time.monotonic() < END:',
  '        sum(range(2000))',
  'threads = [threading.Thread(target=spin) for _ in range(2)]',
  'for t in threads: t.start()',
  'for t in threads: t.join()',
];

describe('gilscope run', () => {
  it('keeps streams and arguments, reports to stderr, keeps a profile that can be reported again', async (t) => {
    const cwd = folderWith(
      t,
      'my app.py',
      ...CONTENTION,
      'import sys',
      'print(sys.argv, sys.stdin.read())',
    );
    const ended = await run(['my app.py', '--quiet', '--', '-x'], { cwd, input: 'in' });
    assert.equal(ended.code, 0);
    assert.equal(ended.stdout.toString(), "['my app.py', '--quiet', '--', '-x'] in\n");
    assert.match(ended.stderr, /^\nGILscope report · my app\.py --quiet -- -x · /);
    assert.match(ended.stderr, /while my app\.py:5 in spin\(\) held the GIL/);
    const [kept, ...more] = readdirSync(cwd).filter((name) => name.endsWith('.gilscope'));
    assert.deepEqual(more, []);
    assert.match(kept ?? '', /^my app-\d{8}-\d{6}\.gilscope$/);
    assert.ok(ended.stderr.includes(`Kept in ${kept ?? ''} (`));
    const again = await gilscope(['report', kept ?? ''], { cwd });
    assert.equal(
      `\n${again.stdout.toString()}`,
      ended.stderr.slice(0, ended.stderr.indexOf('\nKept in')),
    );
    assert.equal(again.stderr, '');
  });

  it('--json -: after the output of the program; --quiet: nothing on stderr', async (t) => {
    const cwd = folderWith(t, 'a.py', 'print("hello")', 'raise SystemExit(4)');
    const args = ['--quiet', '--json', '-', '--out=kept.gilscope', '--', 'a.py'];
    const ended = await run(args, { cwd });
    const [first, json = '', ...rest] = ended.stdout.toString().split('\n');
    assert.deepEqual([first, rest, ended.stderr, ended.code], ['hello', [''], '', 4]);
    const profile = JSON.parse(json) as Profile;
    assert.equal(profile.format, 'gilscope-profile');
    assert.deepEqual(profile.exit, { code: 4, signal: null });
    assert.deepEqual(profile.command, ['a.py']);
    assert.deepEqual(readdirSync(cwd).sort(), ['a.py', 'kept.gilscope']);
  });

  it('runs a module', async (t) => {
    const cwd = folderWith(t, 'mod.py', 'import sys', 'print(__name__, sys.argv[1:])');
    for (const args of [
      ['-m', 'mod', '--x'],
      ['--', '-m', 'mod', '--x'],
    ]) {
      const ended = await run(['--quiet', ...args], { cwd });
      assert.equal(ended.stdout.toString(), "__main__ ['--x']\n");
    }
    assert.equal(readdirSync(cwd).filter((name) => /^mod-.*\.gilscope$/.test(name)).length, 2);
  });

  it('--html: one page with the chart of the run', async (t) => {
    const cwd = folderWith(t, 'a.py', ...CONTENTION, 'x = "</script><!--"');
    const ended = await run(['--quiet', '--html', 'page.html', 'a.py'], { cwd });
    assert.equal(ended.code, 0);
    const page = readFileSync(join(cwd, 'page.html'), 'utf8');
    assert.doesNotMatch(page, /(?:src|href)\s*=|sourceMappingURL/);
    // Each script and style ends where it was meant to.
    assert.equal(page.match(/<\/script/gi)?.length, 2);
    assert.equal(page.match(/<\/style/gi)?.length, 1);
    const json = /id="gilscope-data">(.*)<\/script>/.exec(page)?.[1] ?? '';
    const data = JSON.parse(json) as StandaloneData;
    assert.ok(data.meta.lanes.length >= 3);
    assert.ok(data.tiles.some((tile) => tile.level === data.levelMax));
    assert.ok(data.longWaits.length > 0);
  });

  it('--no-children leaves out what is forked', async (t) => {
    const cwd = folderWith(
      t,
      'a.py',
      'import os',
      'pid = os.fork()',
      'if pid: os.waitpid(pid, 0)',
      'else: sum(range(100000))',
    );
    for (const [options, count] of [
      [[], 2],
      [['--no-children'], 1],
    ] as const) {
      const ended = await run([...options, '--quiet', '--json', '-', 'a.py'], { cwd });
      const profile = JSON.parse(ended.stdout.toString()) as Profile;
      assert.equal(profile.processes.length, count);
    }
  });

  it('takes the active virtual environment', async (t) => {
    const cwd = folderWith(t, 'a.py', 'import sys', 'print(sys.prefix, sys.executable)');
    const venv = join(cwd, 'env');
    await runProcess(python, ['-m', 'venv', '--without-pip', venv]);
    const ended = await gilscope(['run', '--quiet', 'a.py'], { cwd, env: { VIRTUAL_ENV: venv } });
    assert.equal(ended.stdout.toString(), `${venv} ${join(venv, 'bin', 'python')}\n`);
  });
});

describe('gilscope run --check', () => {
  const program = (budget: string, end = ''): string[] => [
    'import time',
    `def work():  ${budget}`,
    '    until = time.process_time() + 0.05',
    '    while time.process_time() < until: pass',
    'work()',
    end,
  ];
  const check = async (t: TestContext, ...lines: string[]): Promise<Ended> => {
    const cwd = folderWith(t, 'a.py', ...lines);
    return run(['--check', 'a.py'], { cwd });
  };

  it('a kept budget: the status of the program', async (t) => {
    const ended = await check(t, ...program('# gilscope: hold < 60s, wait < 60s'));
    assert.equal(ended.code, 0, ended.stderr);
  });

  it('a broken one: 3, with the line, the limit and the amount', async (t) => {
    const ended = await check(t, ...program('# gilscope: hold < 20ms'));
    assert.equal(ended.code, 3);
    const words = ended.stderr.replace(/\s+/g, ' ');
    assert.match(
      words,
      /error budget-broken a\.py:2 Over its budget “hold < 20ms”: work\(\) held the GIL for \d/,
    );
  });

  it('one that cannot be understood: 3, and why', async (t) => {
    const ended = await check(t, ...program('# gilscope: hold < 20'));
    assert.equal(ended.code, 3);
    assert.match(ended.stderr, /\ngilscope: .*a\.py:2: “20” has no unit/);
  });

  it('one in a file that was changed meanwhile: 3, and why', async (t) => {
    const change = 'with open(__file__, "a") as file: file.write("# changed")';
    const ended = await check(t, ...program('# gilscope: hold < 60s', change));
    assert.equal(ended.code, 3);
    assert.match(ended.stderr, /\ngilscope: .*a\.py: .*was changed while the program ran/);
  });

  it('a program that fails keeps its own status', async (t) => {
    const ended = await check(t, ...program('# gilscope: hold < 20ms', 'raise SystemExit(9)'));
    assert.equal(ended.code, 9);
    assert.match(ended.stderr, /budget-broken/);
  });
});

describe('signals', () => {
  const WAITS = [
    'import signal, time',
    'count = 0',
    'def heard(number, frame):',
    '    global count',
    '    count += 10',
    'signal.signal(signal.SIGUSR1, heard)',
    'try:',
    // In one write, also where PYTHONUNBUFFERED is set.
    '    print("ready\\n", end="", flush=True)',
    '    time.sleep(60)',
    'except KeyboardInterrupt:',
    '    count += 1',
    'try:',
    '    time.sleep(0.3)',
    'except KeyboardInterrupt:',
    '    count += 100',
    'print("count", count, flush=True)',
  ];

  it('SIGTERM ends the program, and what was measured is kept', async (t) => {
    const cwd = folderWith(
      t,
      'a.py',
      'import time',
      'while True:',
      '    print("tick", flush=True)',
      '    time.sleep(0.02)',
    );
    let ticks = 0;
    const ended = await run(['a.py'], {
      cwd,
      onOutput: (text, control) => {
        ticks += text.split('tick').length - 1;
        if (ticks >= 15) control.signal('SIGTERM');
      },
    });
    assert.equal(ended.code, 143);
    assert.match(ended.stderr, /The program was ended by SIGTERM; this is what was measured/);
    assert.match(ended.stderr, / a\.py:4 <module>\n/);
  });

  it('an interrupt without a terminal is passed on', async (t) => {
    const cwd = folderWith(t, 'a.py', ...WAITS);
    const ended = await run(['--quiet', 'a.py'], {
      cwd,
      onOutput: (text, control) => {
        if (text.includes('ready\n')) control.signal('SIGINT');
      },
    });
    assert.equal(ended.stdout.toString(), 'ready\ncount 1\n');
    assert.equal(ended.code, 0);
  });

  it('other signals are for the program too', async (t) => {
    const cwd = folderWith(
      t,
      'a.py',
      ...WAITS.map((line) => line.replace('sleep(60)', 'sleep(0.3)')),
    );
    const ended = await run(['--quiet', 'a.py'], {
      cwd,
      onOutput: (text, control) => {
        if (text.includes('ready\n')) control.signal('SIGUSR1');
      },
    });
    assert.equal(ended.stdout.toString(), 'ready\ncount 10\n');
  });

  it("the terminal's Ctrl-C reaches the program once", async (t) => {
    const cwd = folderWith(t, 'a.py', ...WAITS);
    writeFileSync(
      join(cwd, 'terminal.py'),
      [
        'import os, pty, sys',
        'pid, fd = pty.fork()',
        'if pid == 0: os.execv(sys.argv[1], sys.argv[1:])',
        'seen = b""',
        'while True:',
        '    try: data = os.read(fd, 4096)',
        '    except OSError: break',
        '    if not data: break',
        // The whole line: Ctrl-C throws away what the terminal has not handed over.
        '    if b"\\n" not in seen and b"\\n" in seen + data: os.write(fd, b"\\x03")',
        '    seen += data',
        'status = os.waitpid(pid, 0)[1]',
        'print(seen.decode(), "status", os.WEXITSTATUS(status))',
      ].join('\n'),
    );
    const command = [process.execPath, cli, 'run', '--python', python, '--quiet', 'a.py'];
    const ended = await runProcess(python, ['terminal.py', ...command], { cwd });
    assert.match(ended.stdout.toString(), /ready\r\n(\^C)?count 1\r\n status 0\n$/);
  });
});

describe('faults of the tool', () => {
  /** Status 125, one line on standard error, and nothing left behind. */
  async function faulty(args: readonly string[], cwd: string, message: RegExp): Promise<void> {
    const before = readdirSync(cwd);
    const ended = await gilscope(args, { cwd });
    assert.equal(ended.code, 125);
    assert.equal(ended.stdout.toString(), '');
    assert.match(ended.stderr, /^gilscope: [^\n]*\n$/);
    assert.match(ended.stderr, message);
    assert.deepEqual(readdirSync(cwd), before);
  }

  it('says what is missing or wrong', async (t) => {
    const cwd = folderWith(t, 'a.py', 'print("ran")');
    const withPython = ['run', '--python', python];
    await faulty([], cwd, /No command/);
    await faulty(['profile', 'a.py'], cwd, /no command profile/);
    await faulty(['run'], cwd, /Nothing to run/);
    await faulty(['run', '--fast', 'a.py'], cwd, /no option --fast/);
    await faulty(['run', '--out'], cwd, /--out needs a value/);
    await faulty([...withPython, 'b.py'], cwd, /There is no script .*b\.py/);
    await faulty(['run', '--python', './none', 'a.py'], cwd, /no Python interpreter at .*none/);
    await faulty(['run', '--python', '/bin/ls', 'a.py'], cwd, /\/bin\/ls is not a working Python/);
    await faulty(
      [...withPython, '--out', 'no/p.gilscope', 'a.py'],
      cwd,
      /no\/p\.gilscope cannot be written: .*does not exist/,
    );
    await faulty(['report', 'none.gilscope'], cwd, /none\.gilscope: /);
    await faulty(['report', 'a.py'], cwd, /a\.py/);
    await faulty(['serve'], cwd, /serve --stdio/);
  });

  const old = findPythons().find(({ version }) => /^3\.[5678]\./.test(version));
  it('an interpreter that is too old', { skip: !old && 'none here' }, async (t) => {
    const cwd = folderWith(t, 'a.py', 'print("ran")');
    const { path = '', version = '' } = old ?? {};
    await faulty(
      ['run', '--python', path, 'a.py'],
      cwd,
      new RegExp(`needs CPython 3\\.9 or newer; .* is ${version.replaceAll('.', '\\.')}\\.`),
    );
  });

  it('a profile that cannot be written is kept elsewhere, and said where', async (t) => {
    const cwd = folderWith(t, 'a.py', 'import os', 'os.rmdir("out")', 'print("ran")');
    mkdirSync(join(cwd, 'out'));
    const ended = await run(['--quiet', '--out', 'out/p.gilscope', 'a.py'], { cwd });
    assert.equal(ended.code, 125);
    assert.equal(ended.stdout.toString(), 'ran\n');
    const kept = /What was measured is kept in (\S+); /.exec(ended.stderr)?.[1] ?? '';
    t.after(() => rmSync(kept, { recursive: true, force: true }));
    assert.match(basename(kept), /^gilscope-/);
    const report = await gilscope(['report', kept], { cwd });
    assert.match(report.stdout.toString(), /^GILscope report · a\.py · /);
  });
});

it('--help and --version', async (t) => {
  const cwd = temporaryFolder(t);
  const help = await gilscope(['--help'], { cwd });
  assert.equal(help.code, 0);
  for (const word of ['run', 'report', 'serve --stdio', '--no-children', '--check']) {
    assert.ok(help.stdout.toString().includes(word));
  }
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  const version = await gilscope(['--version'], { cwd });
  assert.equal(version.stdout.toString(), `gilscope ${manifest.version}\n`);
});
