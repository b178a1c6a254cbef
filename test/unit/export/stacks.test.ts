/** The exports that have no time axis: pprof, collapsed stacks, the stacks of speedscope, CSV. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { RunAnalysis } from '../../../server/profile/run-analysis';
import { openRun } from '../../../server/trace/run-reader';
import { frameNames } from '../../../server/profile/export/export-data';
import type { Place } from '../../../server/protocol';
import { EXPORT_COSTS, EXPORT_TABLES } from '../../../server/protocol-export';
import { exportDataOf, exported, lineKey, selfByLine, Sums } from '../../support/export-data';
import { Message } from '../../support/protobuf-fields';
import { traceArbitrary } from '../../support/random-cycles';

interface PprofSample {
  /** Innermost first. */
  readonly places: readonly Place[];
  readonly values: readonly number[];
}

interface Pprof {
  readonly types: readonly string[];
  readonly samples: readonly PprofSample[];
  readonly defaultType: string;
  readonly durationNs: number;
  readonly comments: readonly string[];
}

/** Reads a profile by the numbers of pprof's profile.proto. */
function readPprof(bytes: Buffer): Pprof {
  const profile = new Message(gunzipSync(bytes));
  const texts = profile.texts(6);
  assert.equal(texts[0], '');
  assert.equal(new Set(texts).size, texts.length);
  const textOf = (index: number): string => texts[index] ?? assert.fail('no such text');
  const functions = new Map(profile.messages(5).map((row) => [row.number(1), row]));
  const locations = new Map(profile.messages(4).map((row) => [row.number(1), row]));
  const placeOf = (id: number): Place => {
    assert.ok(id > 0);
    const [line] = locations.get(id)?.messages(4) ?? [];
    const row = functions.get(line?.number(1) ?? 0);
    assert.ok(line && row);
    const file = textOf(row.number(4));
    const name = textOf(row.number(2));
    return { file, line: line.number(2), function: name === file ? '' : name };
  };
  return {
    types: profile.messages(1).map((type) => `${textOf(type.number(1))}/${textOf(type.number(2))}`),
    samples: profile.messages(2).map((sample) => ({
      places: sample.numbers(1).map(placeOf),
      values: sample.numbers(2),
    })),
    defaultType: textOf(profile.number(14)),
    durationNs: profile.number(10),
    comments: profile.numbers(13).map(textOf),
  };
}

describe('pprof export', () => {
  it('has the costs of every line as the profile has them', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const pprof = readPprof(exported(data, 'pprof').bytes);
        assert.deepEqual(pprof.types, [
          'contentions/count',
          'delay/nanoseconds',
          'hold/nanoseconds',
          'blocks/nanoseconds',
          'off/nanoseconds',
          'lock_delay/nanoseconds',
          'lock_hold/nanoseconds',
          'lock_blocks/nanoseconds',
        ]);
        assert.deepEqual([pprof.defaultType, pprof.durationNs], ['delay', data.profile.wallNs]);
        const byLine = (type: number): [string, number][] => {
          const sums = new Sums();
          for (const { places, values } of pprof.samples) {
            const [innermost] = places;
            assert.ok(innermost);
            sums.add(lineKey(innermost), values[type] ?? NaN);
          }
          return sums.rows();
        };
        const contended = new Sums();
        for (const row of data.profile.lines) contended.add(lineKey(row), row.contended);
        assert.deepEqual(byLine(0), contended.rows());
        assert.deepEqual(byLine(1), selfByLine(data.profile, 'wait'));
        assert.deepEqual(byLine(2), selfByLine(data.profile, 'hold'));
        assert.deepEqual(byLine(3), selfByLine(data.profile, 'blocks'));
        assert.deepEqual(byLine(4), selfByLine(data.profile, 'off'));
        for (const [at, cost] of (['lock-wait', 'lock-hold', 'lock-blocks'] as const).entries()) {
          assert.deepEqual(byLine(5 + at), selfByLine(data.profile, cost));
        }
      }),
    );
  });

  it('has whole stacks: the totals of lines come out of them', () => {
    fc.assert(
      fc.property(traceArbitrary, (trace) => {
        const data = exportDataOf(trace);
        const totals = new Sums();
        for (const { places, values } of readPprof(exported(data, 'pprof').bytes).samples) {
          for (const key of new Set(places.map(lineKey))) totals.add(key, values[2] ?? NaN);
        }
        const expected = new Sums();
        for (const row of data.profile.lines) expected.add(lineKey(row), row.hold.totalNs);
        assert.deepEqual(totals.rows(), expected.rows());
      }),
    );
  });
});

describe('collapsed stacks', () => {
  it('sum up to the costs of the lines, for each cost', () => {
    fc.assert(
      fc.property(traceArbitrary, fc.constantFrom(...EXPORT_COSTS), (trace, cost) => {
        const data = exportDataOf(trace);
        const names = frameNames(data.stacks.frames);
        const sums = new Sums();
        for (const line of linesOf(exported(data, 'collapsed', { cost }).bytes)) {
          const [, stack, ns] = /^(.+) ([1-9]\d*)$/.exec(line) ?? assert.fail(line);
          const frame = names.indexOf(stack?.split(';').at(-1) ?? '');
          sums.add(lineKey(data.stacks.frames[frame] ?? assert.fail(line)), Number(ns));
        }
        assert.deepEqual(sums.rows(), selfByLine(data.profile, cost));
      }),
    );
  });

  it('tell files of one name apart, and keep to one line', () => {
    const place = (file: string, line: number, name: string): Place => ({
      file,
      line,
      function: name,
    });
    const names = frameNames([
      place('/a/x.py', 1, 'f'),
      place('/b/x.py', 2, 'f'),
      place('/b/y.py', 3, ''),
      place('<string>', 0, '<module>'),
    ]);
    assert.deepEqual(names, ['f (/a/x.py:1)', 'f (/b/x.py:2)', 'y.py:3', '<module> (<string>)']);
  });
});

describe('costs of locks', () => {
  it('of a recorded program are those of its lines', () => {
    const run = openRun('test/fixtures/profiles/trace-2.gilscope');
    const analysis = new RunAnalysis(run, { chart: false });
    const profile = analysis.snapshot({ command: null, startedAt: null, exit: null });
    for (const cost of ['lock-wait', 'lock-hold', 'lock-blocks'] as const) {
      const pieces: Buffer[] = [];
      const sink = { write: (bytes: Uint8Array) => void pieces.push(Buffer.from(bytes)) };
      analysis.export({ format: 'collapsed', cost, table: 'lines' }, sink);
      const stacks = linesOf(Buffer.concat(pieces));
      const ns = stacks.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0);
      const expected = selfByLine(profile, cost).reduce((sum, [, own]) => sum + own, 0);
      assert.ok(expected > 0, cost);
      assert.equal(ns, expected);
    }
  });
});

describe('CSV export', () => {
  it('has every row of every table', () => {
    fc.assert(
      fc.property(traceArbitrary, fc.constantFrom(...EXPORT_TABLES), (trace, table) => {
        const data = exportDataOf(trace);
        const { profile } = data;
        const [head = [], ...rows] = readCsv(exported(data, 'csv', { table }).bytes.toString());
        assert.equal(rows.length, profile[table].length);
        for (const [index, row] of rows.entries()) {
          assert.equal(row.length, head.length);
          const cells = Object.fromEntries(head.map((name, at) => [name, row[at] ?? '']));
          assert.deepEqual(cells, flat(profile[table][index] ?? {}, head));
        }
      }),
    );
  });

  it('quotes what would break a row', () => {
    const trace = fc.sample(traceArbitrary, { numRuns: 1, seed: 1 })[0];
    assert.ok(trace);
    const data = exportDataOf(trace);
    const name = 'a,"b"\r\n c ';
    const [thread] = data.profile.threads;
    assert.ok(thread);
    const profile = { ...data.profile, threads: [{ ...thread, name }] };
    const text = exported({ ...data, profile }, 'csv', { table: 'threads' }).bytes.toString();
    assert.equal(readCsv(text)[1]?.[2], name);
  });
});

/** Rows by RFC 4180. */
function readCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  while (field.lastIndex < text.length) {
    const found = field.exec(text) ?? assert.fail('no CSV');
    row.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    if (found[3] !== ',') {
      rows.push(row);
      row = [];
    }
  }
  assert.equal(row.length, 0, 'the last row ends');
  return rows;
}

/** A row of the profile by the names of columns: `holdSelfNs` is `hold.selfNs`, `waiterFile` is `waiter.file`. */
function flat(row: object, head: readonly string[]): Record<string, string> {
  const cells = new Map<string, string>();
  const take = (prefix: string, value: object): void => {
    for (const [key, inner] of Object.entries(value) as [
      string,
      object | string | number | null,
    ][]) {
      const name = prefix === '' ? key : prefix + key.charAt(0).toUpperCase() + key.slice(1);
      if (typeof inner === 'object') take(name, inner ?? {});
      else cells.set(name, String(inner));
    }
  };
  take('', row);
  return Object.fromEntries(head.map((name) => [name, cells.get(name) ?? '']));
}

function linesOf(bytes: Buffer): string[] {
  const text = bytes.toString();
  assert.ok(text === '' || text.endsWith('\n'));
  return text.split('\n').slice(0, -1);
}
