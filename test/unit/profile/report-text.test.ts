import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from '../../../server/profile/report-text';
import type { Finding, Profile } from '../../../server/protocol';
import { NOTHING_LOST, emptyProfile, lineRow, threadRow } from '../../support/profiles';
import { sampleProfile } from './report-sample';

const FOLDER = '/p/my app';

/** The sentences below the title. */
function headlineOf(profile: Profile): string {
  const [, paragraph = ''] = reportText(profile, { folder: FOLDER }).split('\n\n');
  return paragraph.replace(/\s+/g, ' ').trim();
}

function row(report: string, part: string): string {
  return report.split('\n').find((line) => line.includes(part)) ?? assert.fail(`no ${part}`);
}

test('the headline names how bad it is, and the line that is to blame', () => {
  // 2.41 s of waiting against 2.21 s of holding; the worst line blocks 2.3 s of those 2.41 s.
  assert.equal(
    headlineOf(sampleProfile()),
    'Threads waited 2.41 s for the GIL, 52 % of the time in which they wanted to run. ' +
      'Most of it, 2.3 s (95 %), while app.py:12 in crunch() held the GIL.',
  );
});

test('waiting that nobody is to blame for is told apart', () => {
  const { gils, ...rest } = sampleProfile();
  const profile = { ...rest, gils: gils.map((gil) => ({ ...gil, handoffNs: 1_205_000_000 })) };
  assert.match(headlineOf(profile), / For 1\.21 s \(50 %\) nobody held it: /);
});

test('a library line is named with the line of the user that leads there', () => {
  const library = '/usr/lib/python3.12/json/encoder.py';
  const profile = {
    ...sampleProfile(),
    lines: [
      {
        ...lineRow(library, 250, 'iterencode', { blocksNs: 2e9 }),
        calledFrom: { file: '/p/my app/app.py', line: 7, function: 'dump' },
      },
    ],
  };
  assert.match(
    headlineOf(profile),
    /2 s \(83 %\), while …\/json\/encoder\.py:250 in iterencode\(\) held the GIL\. In your code that is app\.py:7 in dump\(\)\.$/,
  );
});

test('no contention is said, not dressed up as a problem', () => {
  const one = emptyProfile({ threads: [threadRow(1, 'MainThread', { holdNs: 9e8 })] });
  assert.match(
    headlineOf(one),
    /^The GIL was not the problem: only one thread ran Python code\. Look at/,
  );
  const two = [threadRow(1, 'a', { holdNs: 9e8 }), threadRow(2, 'b', { holdNs: 1e6 })];
  assert.match(headlineOf(emptyProfile({ threads: two })), /no thread ever waited/);
  const few = [threadRow(1, 'a', { holdNs: 9e8 }), threadRow(2, 'b', { waitNs: 9e5 })];
  assert.equal(
    headlineOf(emptyProfile({ threads: few })),
    'The GIL was not the problem: threads waited 900 µs for the GIL, <1 % of the time in which they wanted to run. ' +
      'Look at what the code does, or at what it waits for.',
  );
});

test('runs without a GIL, without events, without traces', () => {
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const free = emptyProfile({ processes: [{ ...process, gilEnabled: false }] });
  assert.match(headlineOf(free), /ran without a GIL/);
  assert.match(headlineOf(emptyProfile()), /No GIL was seen/);
  const killed = emptyProfile({ processes: [], exit: { code: null, signal: 'SIGKILL' } });
  assert.match(headlineOf(killed), /ended by SIGKILL\. Nothing was measured/);
  assert.match(headlineOf(emptyProfile({ processes: [] })), /no process left a trace/);
});

test('without a GIL waits for locks are said once', () => {
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const threads = [threadRow(1, 'a', { lockWaitNs: 3e8 })];
  const processes = [{ ...process, gilEnabled: false }];
  const none = {
    holdNs: 0,
    estimatedHoldNs: 0,
    unattributedHoldNs: 0,
    handoffNs: 0,
    throughGilNs: 0,
    throughLockNs: 0,
  };
  const counts = { instances: 1, acquires: 1, contended: 1, spins: 0, works: 0 };
  const rest = { maxWaitNs: 3e8, maxHoldNs: 0, maxWorkNs: 0, unattributedNs: 3e8, spinNs: 0 };
  const about = { kind: 'Lock', name: 'a', library: null, createdAt: { file: '/a.py', line: 2 } };
  const numbers = { ...none, ...counts, ...rest, waitNs: 3e8, workNs: 0 };
  const locks = [{ id: 'lock/1', pid: 100, sites: [], ...about, ...numbers }];
  const said = headlineOf(emptyProfile({ processes, threads, locks }));
  assert.equal(said.match(/300 ms/g)?.length, 1, said);
});

test('of many processes the busiest GILs are shown, and every end that is none of the usual', () => {
  const [process] = emptyProfile().processes;
  const [gil] = sampleProfile().gils;
  assert.ok(process && gil);
  const pids = Array.from({ length: 40 }, (_, at) => 100 + at);
  const report = reportText(
    emptyProfile({
      processes: pids.map((pid) => {
        const exit = pid === 139 ? { code: null, signal: 'SIGKILL' } : { code: 0, signal: null };
        return { ...process, pid, exit };
      }),
      gils: pids.map((pid) => ({ ...gil, id: `${pid}/0`, pid, holdNs: pid * 1e6, waitNs: 0 })),
    }),
    { folder: null },
  );
  const section = (head: string): string[] =>
    (report.split('\n\n').find((text) => text.startsWith(head)) ?? '').split('\n');
  const gils = section('GILs (40)');
  assert.equal(gils.length, 2 + 12 + 1);
  assert.match(gils.at(-2) ?? '', /139\/0$/);
  // 100 to 127 ms.
  assert.equal(gils.at(-1), '  and 28 more GILs, together held 3.18 s, waits 0');
  const processes = section('Processes (40)');
  assert.equal(processes.length, 1 + 16 + 1);
  assert.match(processes[1] ?? '', /pid 100, exit status 0/);
  assert.match(processes.at(-2) ?? '', /pid 139, killed by SIGKILL/);
  assert.equal(processes.at(-1), '  and 24 more processes: 24 exit status 0');
});

test('how the program ended is said first', () => {
  const killed = { ...sampleProfile(), exit: { code: null, signal: 'SIGSEGV' } };
  assert.match(headlineOf(killed), /^The program was ended by SIGSEGV; this is what was measured/);
  const unseen = { ...sampleProfile(), exit: { code: null, signal: null } };
  assert.match(headlineOf(unseen), /^The end of the program was not seen/);
  assert.match(
    reportText(killed, { folder: null }),
    /^GILscope report · app\.py --fast · 2\.31 s · killed by SIGSEGV\n/,
  );
});

test('a line on which a thread does nothing for long is shown, a hung program is found', () => {
  const lines = [
    lineRow('/p/a.py', 3, 'work', { holdNs: 5e8 }),
    lineRow('/p/a.py', 9, 'idle', { holdNs: 1e3, offNs: 9e8 }),
    lineRow('/p/a.py', 11, 'short', { holdNs: 1e3, offNs: 9e7 }),
  ];
  const report = reportText(emptyProfile({ lines }), { folder: '/p' });
  assert.match(row(report, 'a.py:9 idle'), / 900 ms /);
  assert.doesNotMatch(report, /a\.py:11/);
  assert.match(report, /and 1 more line,/);
});

test('tables: numbers under their heads, paths relative, totals of what is not shown', () => {
  const report = reportText(sampleProfile(), { folder: FOLDER });
  assert.equal(
    row(report, 'longest hold'),
    '    hold    wait  blocks   off  longest hold  samples   line',
  );
  assert.equal(
    row(report, 'app.py:12 crunch'),
    '   1.9 s  200 ms   2.3 s     0        310 ms    1,890   app.py:12 crunch',
  );
  assert.equal(
    row(report, 'more line'),
    '  and 2 more lines, together hold 2.12 ms, wait 0, blocks 0',
  );
  assert.equal(
    row(report, 'hand-off)'),
    '  12 ms    411    90 µs   app.py:20 Poller.run   nobody held it (hand-off)',
  );
  assert.match(
    row(report, '100/0'),
    /^ +2\.21 s +96 % +2\.41 s +12 ms +1,234 +410 +5 ms {3}100\/0$/,
  );
});

test('says how exact it is and what was lost', () => {
  const report = reportText(sampleProfile(), { folder: FOLDER }).replace(/\s+/g, ' ');
  assert.match(report, /rests on 1,923 samples/);
  assert.match(report, /The trace reached its size limit/);
  // 844 cycles of 41 ns.
  assert.match(
    report,
    /Measuring cost 41 ns for each GIL cycle, 34\.6 µs in all, and 12 ms of CPU/,
  );
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const blind = emptyProfile({
    processes: [{ ...process, frames: 'unknownVersion', messages: ['A warning.'] }],
  });
  const words = reportText(blind, { folder: null }).replace(/\s+/g, ' ');
  assert.match(words, /Of what was recorded nothing was lost\. A warning\./);
});

test('without a GIL: each thread that waited for a lock', () => {
  const { gils, processes } = sampleProfile();
  const report = reportText(
    emptyProfile({
      gils,
      processes: processes.map((process) => ({ ...process, gilEnabled: false })),
      threads: [threadRow(1, 'free', { lockWaitNs: 5e6 }), threadRow(2, 'alone')],
      parallelism: { onCpuNs: 9e6, underGilNs: 1e6, systemCpuNs: null },
    }),
    { folder: null },
  );
  assert.ok(report.includes('   free'));
  assert.ok(!report.includes('   alone'));
  assert.match(row(report, '100/0'), /100\/0 {3}on only while extension modules are imported$/);
  assert.ok(!report.includes('Parallelism'));
});

test('executors and waits for processes: said to be incomplete where events are missing', () => {
  const where = { file: '/p/app.py', line: 3, function: 'f' };
  const times = { queuedNs: 0, ranNs: 9e6, maxQueuedNs: 0, maxRanNs: 9e6, threads: 1 };
  const profile = emptyProfile({
    awaits: [{ on: 'child', where, ns: 5e6, processes: [] }],
    executors: [{ ...times, pid: 100, where, work: null, asyncio: false, count: 1 }],
  });
  const sound = reportText(profile, { folder: '/p' });
  assert.match(
    sound,
    /Waits for processes and executors\n[^]*Work given to threads of executors\n/,
  );
  assert.doesNotMatch(sound, /not all was recorded/);
  const lost = { ...NOTHING_LOST, events: 7, reason: 'Not everything was recorded.' };
  const bounded = reportText({ ...profile, lost }, { folder: '/p' });
  assert.match(
    bounded,
    /Waits for processes[^]*not all was recorded: there may be more\n\nWork given/,
  );
  assert.match(bounded, /Work given[^]*not all was recorded: more may have run, and the last of a/);
});

test('processes: what the program became, and children of which nothing is known', () => {
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const reportOf = (...rows: Partial<typeof process>[]): string =>
    reportText(emptyProfile({ processes: rows.map((changes) => ({ ...process, ...changes })) }), {
      folder: null,
    }).replace(/\s+/g, ' ');
  assert.doesNotMatch(reportOf({}), /became|child process/);
  assert.match(reportOf({ replaced: true }), /pid 100, became another program /);
  assert.match(reportOf({ otherChildren: 1 }), /Of 1 child process that ended nothing is in/);
  const several = reportOf({ otherChildren: 1200 }, { pid: 101, otherChildren: 34 });
  assert.match(
    several,
    /Of 1,234 child processes that ended nothing is in the profile: they ran no Python, or one that was not recorded\./,
  );
});

test('prose fits a terminal, and a number keeps its unit', () => {
  const message = 'word '.repeat(17) + 'takes 12.5 ms or 3 % of /p/my app/x.py:3 '.repeat(9);
  const finding: Finding = {
    rule: 'convoy',
    severity: 'warning',
    where: null,
    message,
    evidence: {},
  };
  const report = reportText({ ...sampleProfile(), findings: [finding] }, { folder: FOLDER });
  const lines = report.split('\n');
  const prose = lines.slice(
    lines.indexOf('Findings'),
    lines.indexOf('Lines, each without what it calls'),
  );
  for (const line of prose) {
    assert.ok(line.length <= 92, line);
    assert.doesNotMatch(line, /^ *(ms|%)/);
    assert.doesNotMatch(line, /\/p\/my app/);
  }
});

test('a profile of very many rows is cut to the costliest', () => {
  const lines = Array.from({ length: 130_000 }, (_, index) =>
    lineRow('/p/a.py', index + 1, 'f', { holdNs: index + 1 }),
  );
  const report = reportText(emptyProfile({ lines }), { folder: '/p' });
  assert.match(report, /\n +130 µs +0 +0 +0 +0 {3}a\.py:130000 f\n/);
  assert.match(report, /and 129,988 more lines/);
});

test('while the program runs there is no verdict, and no end', () => {
  const live = (profile: Profile): string =>
    reportText(profile, { folder: FOLDER, live: true }).replace(/\s+/g, ' ');
  const few = [threadRow(1, 'a', { holdNs: 9e8 }), threadRow(2, 'b', { waitNs: 9e5 })];
  const [process] = emptyProfile().processes;
  assert.ok(process);
  const unseen = { code: null, signal: null };
  const processes = [1, 2].map((pid) => ({ ...process, pid, exit: unseen }));
  for (const threads of [[], few.slice(0, 1), few]) {
    const report = live(emptyProfile({ threads, processes, exit: unseen }));
    assert.match(report, /· still running The program is still running; this is what was measured/);
    assert.doesNotMatch(report, /not the problem|program ended|not seen/);
    assert.equal(report.match(/, pid \d, still running/g)?.length, 2);
  }
  assert.match(live(sampleProfile()), /Until now threads waited 2\.41 s for the GIL\. Most of it,/);
});
