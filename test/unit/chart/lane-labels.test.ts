import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { processDetail, tailStart } from '../../../extension/chart/lane-labels';
import { translator } from '../../../extension/chart/strings';
import type { ProcessRow } from '../../../server/protocol';

const PYTHON = '/opt/py/bin/python3.13';

function process(pid: number, parentPid: number, argv: readonly string[]): ProcessRow {
  return { pid, parentPid, argv, executable: PYTHON } as ProcessRow;
}

describe('what a process is', () => {
  const detail = (...processes: readonly ProcessRow[]): readonly string[] =>
    processes.map(({ pid }) => processDetail(`${pid}`, processes, translator({})));

  it('is its script, and whose child it is', () => {
    assert.deepEqual(
      detail(
        process(7, 1, [PYTHON, '/home/ada/shop/server.py', '--log', '/var/log/x']),
        process(8, 7, [PYTHON, '-m', 'worker']),
        process(9, 8, ['/usr/bin/python3', '-c', 'from os import fork']),
      ),
      [
        'server.py --log /var/log/x',
        'child of 7 · -m worker',
        'child of 8 · -c from os import fork',
      ],
    );
  });

  it('is a module of multiprocessing where that starts a program of its own', () => {
    const code =
      'from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=6, pipe_handle=12)';
    assert.deepEqual(detail(process(7, 1, [PYTHON, '-B', '-c', code, '--multiprocessing-fork'])), [
      'multiprocessing.spawn',
    ]);
  });

  it('is each of the programs that a process became', () => {
    const programs = [process(7, 1, ['launch.py']), process(8, 7, []), process(7, 1, ['app.py'])];
    const details = ['7', '7-1', '7-2'].map((id) => processDetail(id, programs, translator({})));
    assert.deepEqual(details, ['launch.py', 'app.py', '']);
  });

  it('is what was called where that is not an interpreter, or it alone', () => {
    assert.deepEqual(
      detail(process(7, 1, ['/usr/bin/shop', 'serve']), process(8, 2, [PYTHON]), process(9, 2, [])),
      ['shop serve', 'python3.13', ''],
    );
    assert.equal(processDetail('6', [], translator({})), '');
  });
});

describe('the end of a name that is always shown', () => {
  it('tells threads of a pool apart, and cuts no letter in two', () => {
    const endOf = (name: string): string => name.slice(tailStart(name));
    assert.deepEqual(['ThreadPoolExecutor-0_12', 'io', '', 'worker-😀1234'].map(endOf), [
      '-0_12',
      'io',
      '',
      '😀1234',
    ]);
  });
});
