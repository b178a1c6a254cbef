/** Whatever could not be known or recorded is said in all three: the report, the hover and the JSON. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Profile } from '../../server/protocol';
import { hoverMarkdown, whyNoLines } from '../../server/lsp/hover';
import { indexProfile } from '../../server/lsp/profile-index';
import { createEngine } from '../../server/profile/engine';
import { reportText } from '../../server/profile/report-text';
import { RunAnalysis } from '../../server/profile/run-analysis';
import {
  CHUNK_BYTES,
  CLOCK,
  EXIT_FLAG,
  FRAMES,
  LOCK_KIND,
  LOST,
  PROCESS_FLAG,
} from '../../server/trace/format';
import { RunReader } from '../../server/trace/run-reader';
import type { RunManifest } from '../../server/trace/run-source';
import { MemoryRun } from '../support/memory-run';
import { probeMessages } from '../support/probe-messages';
import type { TraceOptions } from '../support/trace-rows';
import { TraceWriter } from '../support/trace-writer';
import { NOTHING_LOST } from '../support/profiles';

const FILE = '/app.py';
const LINE = 3;
const CYCLES = 300;

/** One thread with holds on one line; `change` comes after half of them. */
function trace(options: TraceOptions, change: (writer: TraceWriter) => void = () => undefined) {
  const writer = new TraceWriter({ endTicks: 1_000_000n, chunkLimit: 2000, ...options });
  writer.addGil();
  writer.addThread({ tid: 1, name: 'MainThread' });
  const isKnown = (options.frames ?? FRAMES.recorded) === FRAMES.recorded;
  const stack = isKnown ? writer.stack(0, [{ file: FILE, line: LINE, function: 'f' }]) : 0;
  for (let i = 0; i < CYCLES; i++) {
    if (i === CYCLES / 2) change(writer);
    const at = 1000n + BigInt(i) * 1000n;
    writer.cycle(0, { thread: 0, waitStart: at, acquired: at + 9n, released: at + 500n, stack });
  }
  return writer;
}

const plain = (): Buffer => trace({}).bytes();
const framesAre = (frames: number) => (): Buffer[] => [trace({ frames }).bytes()];
const saying = (text: string) => (): Buffer[] => [
  trace({}, (writer) => {
    writer.meta('message', text);
  }).bytes(),
];
const losing = (reason: keyof typeof LOST) => (): Buffer[] => [
  trace({}, (writer) => {
    writer.setHeader('lostReasons', LOST[reason]);
  }).bytes(),
];

function bounded(): Buffer[] {
  const totals = { acquires: 7n, contended: 0n, forced: 0n, holdTicks: 900n, waitTicks: 80n };
  const change = (writer: TraceWriter): void => {
    writer.aggregate(0, 0, 1, { ...totals, maxHoldTicks: 300n, maxWaitTicks: 20n });
  };
  return [trace({}, change).bytes()];
}

function lostSamples(): Buffer[] {
  const change = (writer: TraceWriter): void => {
    writer.setHeader64('lostSamples', 41n);
  };
  return [trace({}, change).bytes()];
}

function noRoomForThreads(): Buffer[] {
  const change = (writer: TraceWriter): void => {
    writer.setHeader64('unrecordedCycles', 4n);
    writer.setHeader('lostReasons', LOST.threadTableFull);
  };
  return [trace({}, change).bytes()];
}

function childrenWithoutRights(): Buffer[] {
  const change = (writer: TraceWriter): void => writer.setHeader('unrecordedChildren', 2);
  return [trace({}, change).bytes()];
}

function locksInTotals(): Buffer[] {
  const change = (writer: TraceWriter): void => {
    writer.lock(0, {
      kind: LOCK_KIND.lock,
      acquires: 9n,
      contended: 9n,
      waitTicks: 90n,
      lostRows: 9n,
    });
  };
  return [trace({}, change).bytes()];
}

function longHold(): Buffer[] {
  const writer = trace({ endTicks: 20_000_000_000n });
  const hold = { thread: 0, waitStart: 1_000_000n, acquired: 1_000_000n, stack: 1 };
  writer.cycle(0, { ...hold, released: 10_000_000_000n });
  return [writer.bytes()];
}

/** Killed before the probe had read its clock again. */
const noRate = (): Buffer[] => [trace({ clock: CLOCK.tsc, endTicks: 0n }).bytes()];

function fewSamples(): Buffer[] {
  const writer = trace({}, () => undefined);
  const stack = writer.stack('sampler', [{ file: FILE, line: LINE, function: 'f' }]);
  for (let i = 0n; i < 3n; i++)
    writer.sample({ gil: 0, thread: 0, at: 400_100n + i * 100_000n, stack });
  const held = { thread: 0, waitStart: 400_000n, acquired: 400_000n, stack: 1 };
  writer.cycle(0, { ...held, released: 900_000n });
  return [writer.bytes()];
}

/** Line 3 has one sample, line 4 has the others; line 9 calls both, and was never seen without one of them. */
const CALLER = 9;
function withSamples(count: number): Buffer[] {
  const writer = trace({ endTicks: 4_000_000n }, () => undefined);
  const at = (name: 'sampler' | number, line: number): number =>
    writer.stack(name, [
      { file: FILE, line: CALLER, function: 'main' },
      { file: FILE, line, function: 'f' },
    ]);
  const stacks = [at('sampler', LINE), at('sampler', LINE + 1)] as const;
  const held = { thread: 0, waitStart: 400_000n, acquired: 400_000n, stack: at(0, LINE + 1) };
  const step = 1_000n;
  for (let i = 0; i < count; i++) {
    const stack = stacks[Math.min(i, 1)] ?? 0;
    writer.sample({ gil: 0, thread: 0, at: 400_100n + BigInt(i) * step, stack });
  }
  writer.cycle(0, { ...held, released: 400_100n + BigInt(count) * step });
  return [writer.bytes()];
}

function noGil(executable = '/opt/python'): Buffer[] {
  const writer = new TraceWriter({ flags: 0, endTicks: 1_000_000n });
  writer.meta('executable', executable);
  writer.addThread({ tid: 1 });
  return [writer.bytes()];
}

function becameAnother(): Buffer[] {
  const change = (writer: TraceWriter): void => {
    writer.setHeader('exitFlags', EXIT_FLAG.replaced);
  };
  return [trace({}, change).bytes()];
}

const unrecognised = PROCESS_FLAG.gilSeen | PROCESS_FLAG.gilUnrecognised;

/** Condition, traces, what all three say, and whether lines are known. */
const CONDITIONS: readonly (readonly [string, () => Buffer[], RegExp])[] = [
  ['an unknown version', framesAre(FRAMES.unknownVersion), /No lines .* does not know how Python/],
  ['frames of a patched build', framesAre(FRAMES.selfTestFailed), /No lines .* self-test/],
  ['no frame found', framesAre(FRAMES.notYet), /No lines .* no Python frame had been found/],
  ['a GIL that nobody knows', () => [trace({ flags: unrecognised }).bytes()], /cannot be trusted/],
  [
    'a build without a GIL',
    () => [trace({ flags: PROCESS_FLAG.freeThreaded | PROCESS_FLAG.gilSeen }).bytes()],
    /Of threads without a GIL it is not recorded how long they are on a CPU/,
  ],
  ['no GIL at all', noGil, /No GIL of process 100 was seen/],
  ['a bounded trace', bounded, /size limit.* 7 GIL cycles are only in the totals/],
  ['native code of a bounded trace', bounded, /nor what threads did .* GIL \(native code/],
  ['a full disk', losing('diskFull'), /disk of the trace was full/],
  ['too many interpreters', losing('gilTableFull'), /more interpreters than/],
  ['too many stacks', losing('stackTableFull'), /more different stacks/],
  ['no room in time', losing('noRoom'), /too slow to make room/],
  ['too many totals', losing('aggregateTableFull'), /more threads and stacks than/],
  ['too many locks', losing('lockTableFull'), /more locks at a time than/],
  ['locks only in totals', locksInTotals, /9 waits for locks or holds of them are only in the/],
  [
    'too many threads',
    noRoomForThreads,
    /no room for a thread.* 4 GIL cycles are missing from all/,
  ],
  ['a clock of unknown rate', noRate, /all its times are wrong by one and the same factor/],
  [
    'stacks that were cut',
    losing('stackCut'),
    /deeper than is read\. Totals of outer lines are too/,
  ],
  ['missed samples', lostSamples, /\b41 samples/],
  ['a trace that was cut', () => [plain().subarray(0, 3 * CHUNK_BYTES)], /cut short.* missing/],
  [
    'another trace unreadable',
    () => [plain(), Buffer.from('x'.repeat(5000))],
    /process is missing/,
  ],
  [
    'children without rights',
    childrenWithoutRights,
    /could not be recorded \(2\): after a change of/,
  ],
  ['another program', becameAnother, /Process 100 became another program that was not recorded/],
  ['another trace not begun', () => [plain(), Buffer.alloc(70_000)], /process is missing/],
];

const ENDED = { exit: { code: 0, signal: null } };

function profileOf(traces: readonly Uint8Array[], manifest: Partial<RunManifest> = {}): Profile {
  const reader = new RunReader(new MemoryRun(traces, { ...ENDED, ...manifest }));
  const run = { command: null, startedAt: null, exit: null };
  return new RunAnalysis(reader, { chart: false }).snapshot(run);
}

function hoverOf(profile: Profile, line = LINE): string {
  const index = indexProfile(profile, (file) => file);
  const context = { live: false, old: false, shownPath: (file: string) => file };
  return hoverMarkdown(index, FILE, line, context) ?? '';
}

/** Lines that were wrapped are one again. */
const unwrapped = (text: string): string => text.replaceAll(/\s+/g, ' ');

function assertSaid(profile: Profile, says: RegExp): void {
  const report = unwrapped(reportText(profile, { folder: null }));
  assert.match(report, says);
  assert.doesNotMatch(report, /Nothing was lost/);
  assert.match(unwrapped(hoverOf(profile)), says);
  const { lost, findings, processes } = profile;
  const messages = processes.flatMap((row) => row.messages);
  const json = JSON.stringify([lost.reason ?? `${lost.samples} samples`, findings, messages]);
  assert.match(json, says);
}

describe('what is not known is said', () => {
  for (const [name, traces, says] of CONDITIONS) {
    test(`${name}: report, hover and JSON`, () => {
      assertSaid(profileOf(traces()), says);
    });
  }

  const messages = probeMessages();
  test('the messages of the probe are found in its sources', () => {
    assert.ok(messages.length >= 6, messages.join('\n'));
  });
  for (const message of messages) {
    test(`“${message}”: report, hover and JSON`, () => {
      const text = message.replace('%s', '_thread');
      assertSaid(profileOf(saying(text)()), new RegExp(text.replaceAll('.', '\\.')));
    });
  }

  test('a child that could not be recorded: report, hover and JSON', () => {
    const unrecorded = ['Process 7 could not be recorded: no memory for the tables of the probe.'];
    assertSaid(profileOf([plain()], { unrecorded }), /Process 7 could not be recorded: no memory/);
  });

  test('more waits than are looked at: report, hover and JSON', () => {
    const writer = trace({ endTicks: 9_000_000n });
    const wait = { thread: 0, waitStart: 8_000_000n, acquired: 8_000_000n, stack: 1 };
    writer.cycle(0, { ...wait, released: 8_000_100n });
    const engine = createEngine({ awaitBounds: { waits: 0, works: 0 } });
    const state = new RunReader(new MemoryRun([writer.bytes()])).read(engine, true);
    const facts = { command: [], startedAt: '', live: false, ...ENDED };
    const { profile } = engine.snapshot(state, facts);
    assertSaid(profile, /more waits for processes and executors than are kept/);
  });
});

const leftOut = PROCESS_FLAG.gilSeen | PROCESS_FLAG.childrenLeftOut;
const plainWith = (options: TraceOptions) => (): Buffer[] => [trace(options).bytes()];

/** Conditions in which events or whole processes are in no number, or numbers cannot be trusted. */
const NO_VERDICT: readonly (readonly [string, () => Buffer[], Partial<RunManifest>?])[] = [
  ['a GIL that nobody knows', plainWith({ flags: unrecognised })],
  [
    'a GIL and a version that nobody knows',
    plainWith({ flags: unrecognised, frames: FRAMES.unknownVersion }),
  ],
  ['another process without a GIL', () => [plain(), ...noGil()]],
  ['too many interpreters', losing('gilTableFull')],
  ['too many threads', noRoomForThreads],
  ['a clock of unknown rate', noRate],
  ['a trace that was cut', () => [plain().subarray(0, 3 * CHUNK_BYTES)]],
  ['another trace unreadable', () => [plain(), Buffer.from('x'.repeat(5000))]],
  ['another trace not begun', () => [plain(), Buffer.alloc(70_000)]],
  ['children left out', plainWith({ flags: leftOut })],
  ['children without rights', childrenWithoutRights],
  ['a child that could not be recorded', () => [plain()], { unrecorded: ['Process 7 could not.'] }],
];

/** That all is known, or that the GIL is in order. */
const VERDICT =
  /Nothing was lost|nothing else was lost|are exact|not the problem|never waited|no thread had to wait/;

describe('no verdict on what is not known', () => {
  for (const [name, traces, manifest] of NO_VERDICT) {
    test(`${name}: report, hover and findings`, () => {
      const profile = profileOf(traces(), manifest);
      assert.doesNotMatch(unwrapped(reportText(profile, { folder: null })), VERDICT);
      assert.doesNotMatch(hoverOf(profile), VERDICT);
      assert.doesNotMatch(JSON.stringify(profile.findings), VERDICT);
    });
  }

  test('what is complete has one: it is exact, and the GIL is not the problem', () => {
    const profile = profileOf([plain()]);
    const report = unwrapped(reportText(profile, { folder: null }));
    assert.match(report, /The GIL was not the problem/);
    assert.match(report, /Waits, counts and thread totals are exact\./);
    assert.match(hoverOf(profile), /Waits and counts are exact/);
    assert.deepEqual(
      profile.findings.map(({ rule }) => rule),
      ['gil-not-the-problem'],
    );
  });

  test('a Python that ended before it began takes nothing from what is known of the others', () => {
    const python = '/usr/bin/python3';
    const sound = trace({}, (writer) => {
      writer.meta('executable', python);
    });
    const profile = profileOf([sound.bytes(), ...noGil(python)]);
    assert.match(unwrapped(reportText(profile, { folder: null })), /The GIL was not the problem/);
  });
});

test('few samples: the report, the hover and the JSON say how rough', () => {
  const profile = profileOf(fewSamples());
  assert.match(unwrapped(reportText(profile, { folder: null })), /rests on 3 samples, .*± ?29 %/);
  assert.match(hoverOf(profile), /3 samples here, about ±58 %/);
  const line = profile.lines.find((row) => row.line === LINE);
  assert.equal(line?.samples, 3);
  assert.equal(line.samplingError?.toFixed(3), '0.577');
});

test('a line with few samples among many: the report, the hover and the JSON say how rough it is', () => {
  const profile = profileOf(withSamples(140));
  const report = reportText(profile, { folder: null });
  const words = unwrapped(report);
  assert.match(words, /rests on 140 samples/);
  assert.match(words, /rougher: about ±100 % with one sample, ±10 % with 100/);
  const samplesOf = (line: number): string[] =>
    [...report.matchAll(/ (\d+) {3}\/app\.py:(\d+) /g)]
      .filter(([, , found]) => found === String(line))
      .map(([, samples = '']) => samples);
  assert.deepEqual([samplesOf(LINE), samplesOf(LINE + 1)], [['1'], ['139']]);
  assert.match(report, /longest hold +samples +line\n/);
  // Of a caller with no time of its own: what it calls counts.
  assert.deepEqual(samplesOf(CALLER), ['140']);
  assert.match(hoverOf(profile), /1 sample here, about ±100 %/);
  assert.match(hoverOf(profile, CALLER), /140 samples here and in what it calls, about ±9 %/);
  const [line, caller] = [LINE, CALLER].map((at) => profile.lines.find((row) => row.line === at));
  assert.deepEqual([line?.samples, line?.totalSamples, line?.totalSamplingError], [1, 1, 1]);
  assert.deepEqual([caller?.samples, caller?.samplingError], [0, null]);
  assert.deepEqual([caller?.totalSamples, caller?.totalSamplingError?.toFixed(3)], [140, '0.085']);
});

test('a caller without any sample says so in its hover', () => {
  const profile = profileOf(withSamples(0));
  assert.match(hoverOf(profile, CALLER), /no sample fell on this line or what it calls/);
  assert.doesNotMatch(reportText(profile, { folder: null }), /samples +line\n/);
});

describe('without samples each hold counts where it ended: nobody says that holds were too short', () => {
  for (const [name, traces] of [
    ['short holds', () => [plain()]],
    ['a hold of 10 s', longHold],
    ['no thread of the probe', saying('The probe could not start its own thread.')],
    ['an unknown version', framesAre(FRAMES.unknownVersion)],
  ] as const) {
    test(name, () => {
      const profile = profileOf(traces());
      const report = unwrapped(reportText(profile, { folder: null }));
      assert.match(report, /No hold was sampled: each counts as a whole where it ended\./);
      const hover = hoverOf(profile);
      if (hover.includes('sample fell on this line'))
        assert.match(hover, /holds that ended here count as a whole/);
      else assert.match(hover, /no numbers for lines/);
      assert.doesNotMatch(report + hover, /long enough|too short/);
    });
  }
});

test('a sound run says that nothing was lost, and warns of nothing', () => {
  const profile = profileOf([plain()]);
  assert.match(reportText(profile, { folder: null }), /Nothing was lost/);
  assert.doesNotMatch(hoverOf(profile), /Incomplete|missing|No lines/);
  assert.deepEqual(profile.lost, NOTHING_LOST);
  assert.deepEqual(
    profile.processes.flatMap((row) => row.messages),
    [],
  );
});

test('why there are no lines is not said where there are some', () => {
  const both = profileOf([plain(), trace({ pid: 7, frames: FRAMES.unknownVersion }).bytes()]);
  assert.equal(whyNoLines(both), null);
  assert.match(hoverOf(both), /No lines for process 7/);
});
