import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { newProfilePath } from '../../../server/cli/default-name';
import { parseCommand } from '../../../server/cli/options';
import { USAGE } from '../../../server/cli/usage';
import { temporaryFolder } from '../interpreter/fake-python';

const DEFAULTS = {
  kind: 'run',
  python: '',
  out: null,
  outputs: { json: null, html: null },
  quiet: false,
  children: true,
  check: false,
};
const file = (path: string) => ({ kind: 'file', path });
const module = (name: string) => ({ kind: 'module', module: name });

test('options stop at the script name', () => {
  assert.deepEqual(parseCommand(['run', 'a.py', '--out', 'x', '--', '-m']), {
    ...DEFAULTS,
    target: file('a.py'),
    args: ['--out', 'x', '--', '-m'],
  });
  assert.deepEqual(
    parseCommand([
      ...['run', '--python', 'p y', '--out=a=b', '--json', '-', '--html', 'h'],
      ...['--quiet', '--no-children', '--check', '--', '-x.py', '-h'],
    ]),
    {
      kind: 'run',
      python: 'p y',
      out: 'a=b',
      outputs: { json: '-', html: 'h' },
      quiet: true,
      children: false,
      check: true,
      target: file('-x.py'),
      args: ['-h'],
    },
  );
});

test('the end of the options is no value of one', () => {
  assert.throws(() => parseCommand(['run', '--json', '--', 'a.py']), {
    message: /--json needs a value/,
  });
});

test('an interpreter in front of the script is taken for --python', () => {
  assert.deepEqual(parseCommand(['run', '--', 'python3.12', 'a.py', '-u']), {
    ...DEFAULTS,
    python: 'python3.12',
    target: file('a.py'),
    args: ['-u'],
  });
  assert.deepEqual(parseCommand(['run', '/opt/bin/python', '-m', 'pkg']), {
    ...DEFAULTS,
    python: '/opt/bin/python',
    target: module('pkg'),
    args: [],
  });
  const script = parseCommand(['run', 'python.py', 'python3']);
  assert.deepEqual(script, { ...DEFAULTS, target: file('python.py'), args: ['python3'] });
  assert.throws(() => parseCommand(['run', 'python3', '-X', 'dev', 'a.py']), {
    name: 'ToolFault',
    message: /Python's own options \(-X\) are not taken/,
  });
  assert.throws(() => parseCommand(['run', 'python3']), { message: /Nothing to run/ });
});

test('modules, with and without the double dash', () => {
  const expected = { ...DEFAULTS, target: module('pkg.mod'), args: ['--quiet', '-m'] };
  assert.deepEqual(parseCommand(['run', '-m', 'pkg.mod', '--quiet', '-m']), expected);
  assert.deepEqual(parseCommand(['run', '--', '-m', 'pkg.mod', '--quiet', '-m']), expected);
});

test('report takes its options on either side of the file', () => {
  const expected = { kind: 'report', file: 'f.gilscope', outputs: { json: 'j', html: 'h' } };
  assert.deepEqual(parseCommand(['report', '--json', 'j', 'f.gilscope', '--html=h']), expected);
  assert.deepEqual(parseCommand(['report', 'f.gilscope', '--html', 'h', '--json', 'j']), expected);
  const dashed = { ...expected, file: '-f', outputs: { json: null, html: null } };
  assert.deepEqual(parseCommand(['report', '--', '-f']), dashed);
});

test('export takes its options on either side of the file', () => {
  const expected = { kind: 'export', file: 'f', out: 'o', cost: 'hold', table: 'lines' };
  assert.deepEqual(parseCommand(['export', 'f', '--to', 'perfetto', '--out', 'o']), {
    ...expected,
    format: 'perfetto',
  });
  assert.deepEqual(
    parseCommand(['export', '--to=collapsed', '--cost', 'wait', '--out', 'o', 'f']),
    { ...expected, format: 'collapsed', cost: 'wait' },
  );
  assert.deepEqual(parseCommand(['export', '--out', 'o', 'f', '--to', 'csv', '--table=blame']), {
    ...expected,
    format: 'csv',
    table: 'blame',
  });
});

test('help is about all, or about one command', () => {
  assert.deepEqual(parseCommand(['--help']), { kind: 'help', topic: 'all' });
  assert.deepEqual(parseCommand(['help', 'export']), { kind: 'help', topic: 'export' });
  for (const topic of ['run', 'report', 'export', 'serve'] as const) {
    assert.deepEqual(parseCommand([topic, '--help']), { kind: 'help', topic });
    const [first = ''] = USAGE[topic].split('\n');
    assert.ok(USAGE.all.includes(first));
    assert.ok(first.startsWith(`  gilscope ${topic} `));
  }
  assert.deepEqual(parseCommand(['report', 'f', '-h']), { kind: 'help', topic: 'report' });
  assert.equal(parseCommand(['run', 'a.py', '--help']).kind, 'run');
});

test('what is wrong is named', () => {
  const cases: [string[], RegExp][] = [
    [[], /No command/],
    [['fly'], /no command fly/],
    [['run'], /Nothing to run/],
    [['run', '--'], /Nothing to run/],
    [['run', '-m'], /-m needs the name/],
    [['run', '--fast', 'a.py'], /gilscope run has no option --fast; .*Options of your program/],
    [['run', '--quiet=1', 'a.py'], /no option --quiet=1/],
    [['run', '--json'], /--json needs a value/],
    [['run', '--out=', 'a.py'], /--out needs a value/],
    [['report'], /needs a profile/],
    [['report', 'a', 'b'], /not also b/],
    [['report', '--out', 'x', 'a'], /gilscope report has no option --out/],
    [['serve'], /serve --stdio/],
    [['export'], /export needs a profile: gilscope export FILE --to perfetto\|firefox/],
    [['export', 'a', '--to', 'pprof'], /needs --out/],
    [['export', 'a', '--out', 'b'], /needs --to/],
    [['export', 'a', '--to', 'svg', '--out', 'b'], /--to svg is not known; choose one of perfetto/],
    [
      ['export', 'a', '--to', 'csv', '--out', 'b', '--cost', 'hold'],
      /--cost is for --to collapsed/,
    ],
    [['export', 'a', '--to', 'pprof', '--out', 'b', '--table', 'gils'], /--table is for --to csv/],
  ];
  for (const [args, message] of cases) assert.throws(() => parseCommand(args), { message });
});

test('a new profile never overwrites one', (t) => {
  const folder = temporaryFolder(t);
  const now = new Date(2026, 0, 2, 3, 4, 5);
  const target = { kind: 'file', path: 'sub/my.app.py' } as const;
  const first = newProfilePath(folder, target, now);
  assert.equal(first, join(folder, 'my.app-20260102-030405.gilscope'));
  writeFileSync(first, '');
  const second = newProfilePath(folder, target, now);
  assert.equal(basename(second), 'my.app-20260102-030405-2.gilscope');
  const named = newProfilePath(folder, { kind: 'module', module: 'pkg.mod' }, now);
  assert.equal(basename(named), 'pkg.mod-20260102-030405.gilscope');
});
