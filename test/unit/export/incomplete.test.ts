/** What is not in a profile is said with every export of it, and in the file where the format has a place for it. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { RunAnalysis } from '../../../server/profile/run-analysis';
import {
  EXPORT_FORMATS,
  type ExportFormat,
  type ExportTable,
} from '../../../server/protocol-export';
import { CHUNK_BYTES, FRAMES, LOST, PROCESS_FLAG } from '../../../server/trace/format';
import { RunReader } from '../../../server/trace/run-reader';
import { MemoryRun } from '../../support/memory-run';
import type { TraceOptions } from '../../support/trace-rows';
import { TraceWriter } from '../../support/trace-writer';

const CYCLES = 300;

function trace(
  options: TraceOptions = {},
  change: (writer: TraceWriter) => void = () => undefined,
) {
  const writer = new TraceWriter({ endTicks: 1_000_000n, chunkLimit: 2000, ...options });
  writer.addGil();
  writer.addThread({ tid: 1, name: 'MainThread' });
  const stack = writer.stack(0, [{ file: '/app.py', line: 3, function: 'f' }]);
  for (let i = 0n; i < CYCLES; i++) {
    const at = 1000n + i * 1000n;
    writer.cycle(0, { thread: 0, waitStart: at, acquired: at + 9n, released: at + 500n, stack });
  }
  change(writer);
  return writer.bytes();
}

function withoutGil(): Buffer {
  const writer = new TraceWriter({ flags: PROCESS_FLAG.freeThreaded, endTicks: 1_000_000n });
  writer.addThread({ tid: 7, name: 'free' });
  return writer.bytes();
}

const reached = (writer: TraceWriter): void => {
  writer.setHeader('lostReasons', LOST.stackTableFull);
};

/** What is missing, the traces, and how it is said. */
const CONDITIONS: readonly (readonly [string, () => Buffer[], RegExp])[] = [
  ['stacks lost', () => [trace({}, reached)], /more different stacks than the trace can hold/],
  [
    'a trace that was cut',
    () => [trace().subarray(0, 3 * CHUNK_BYTES)],
    /missing from all numbers/,
  ],
  ['a missing process', () => [trace(), Buffer.from('x'.repeat(5000))], /A process is missing/],
  ['no lines', () => [trace({ frames: FRAMES.unknownVersion })], /No lines for process 100/],
  ['no GIL', () => [withoutGil()], /Of threads without a GIL it is not recorded/],
];

function exported(
  traces: readonly Buffer[],
  format: ExportFormat,
  table: ExportTable = 'lines',
): { readonly text: string; readonly notes: readonly string[] } {
  const analysis = new RunAnalysis(new RunReader(new MemoryRun(traces)), { chart: true });
  analysis.snapshot({ command: ['app.py'], startedAt: '', exit: { code: 0, signal: null } });
  const pieces: Buffer[] = [];
  const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
  const notes = analysis.export({ format, cost: 'hold', table }, sink);
  const bytes = Buffer.concat(pieces);
  return { text: (format === 'pprof' ? gunzipSync(bytes) : bytes).toString(), notes };
}

/** These are read line by line, by tools that know no comments. */
const WITHOUT_PLACE: readonly ExportFormat[] = ['collapsed', 'csv'];

describe('exports of an incomplete profile', () => {
  for (const [name, traces, says] of CONDITIONS) {
    for (const format of EXPORT_FORMATS) {
      it(`${format}, ${name}`, () => {
        const { text, notes } = exported(traces(), format);
        assert.match(notes.join('\n'), says);
        if (!WITHOUT_PLACE.includes(format)) assert.match(text, says);
        assert.doesNotMatch(text, /"nothing"/);
      });
    }
  }

  it('of a complete one say nothing of the kind', () => {
    for (const format of EXPORT_FORMATS) {
      const { text, notes } = exported([trace()], format);
      assert.deepEqual(notes, [], format);
      assert.doesNotMatch(text, /incomplete|missing|not recorded/, format);
    }
    assert.match(exported([trace()], 'firefox').text, /"label":"Lost",[^}]*"value":"nothing"/);
  });

  it('samples too few to matter are not called nothing', () => {
    const two = trace({}, (writer) => {
      writer.setHeader64('lostSamples', 2n);
    });
    assert.match(exported([two], 'firefox').text, /"nothing but 2 samples"/);
  });
});

describe('a thread without a GIL', () => {
  it('is not off in speedscope, which is not known', () => {
    const { text } = exported([withoutGil(), trace({ pid: 101 })], 'speedscope');
    interface File {
      readonly shared: { readonly frames: readonly { readonly name: string }[] };
      readonly profiles: readonly {
        readonly name: string;
        readonly events?: readonly { readonly frame: number }[];
      }[];
    }
    const { shared, profiles } = JSON.parse(text) as File;
    const statesOf = (thread: RegExp): string[] => {
      const profile = profiles.find((each) => thread.test(each.name)) ?? assert.fail();
      const frames = new Set(profile.events?.map(({ frame }) => shared.frames[frame]?.name ?? '?'));
      return [...frames].filter((frame) => frame.startsWith('[')).sort();
    };
    assert.deepEqual(statesOf(/^free /), ['[running or off]']);
    assert.deepEqual(statesOf(/^MainThread /), ['[holding]', '[off]', '[waiting]']);
  });

  it('has no times in CSV that are not known', () => {
    const rows = (traces: Buffer[]): Map<string, string> => {
      const [head = '', row = ''] = exported(traces, 'csv', 'threads').text.split('\r\n');
      const values = row.split(',');
      return new Map(head.split(',').map((name, at) => [name, values[at] ?? '?']));
    };
    const free = rows([withoutGil()]);
    assert.deepEqual(
      ['name', 'startNs', 'endNs', 'waitNs', 'offNs', 'nativeNs'].map((name) => free.get(name)),
      ['free', '0', '1000000', '0', '', ''],
    );
    assert.equal(rows([trace()]).get('nativeNs'), '0');
  });
});
