import { emptyProfile, lineRow, threadRow } from '../../support/profiles';
import type { Profile } from '../../../server/protocol';

/** A contended run with every section of the report. */
export function sampleProfile(): Profile {
  const base = emptyProfile();
  const app = '/p/my app/app.py';
  const crunch = { file: app, line: 12, function: 'crunch' };
  const poll = { file: app, line: 20, function: 'Poller.run' };
  return {
    ...base,
    command: ['app.py', '--fast'],
    wallNs: 2_310_000_000,
    processes: base.processes.map((row) => ({ ...row, endNs: 2_310_000_000 })),
    exit: { code: 3, signal: null },
    overhead: { cycleNs: 41, samplerCpuNs: 12_000_000 },
    lost: {
      ...base.lost,
      events: 1200,
      samples: 3,
      reason: 'The trace reached its size limit: detail is reduced.',
    },
    gils: [
      {
        id: '100/0',
        pid: 100,
        interpreter: 0,
        switchIntervalNs: 5_000_000,
        holdNs: 2_210_000_000,
        waitNs: 2_410_000_000,
        handoffNs: 12_000_000,
        unattributedNs: 0,
        switches: 1234,
        forcedReleases: 410,
      },
    ],
    threads: [
      threadRow(100, 'MainThread', { holdNs: 12e6, offNs: 2298e6, acquires: 12 }),
      threadRow(101, 'Thread-1 (crunch)', {
        startNs: 1,
        holdNs: 2e9,
        waitNs: 200e6,
        offNs: 90e6,
        blocksNs: 2300e6,
        acquires: 412,
        contended: 400,
        maxWaitNs: 5_100_000,
      }),
      threadRow(102, 'poller', {
        startNs: 2,
        holdNs: 198e6,
        waitNs: 2210e6,
        offNs: 1e6,
        blocksNs: 98e6,
        acquires: 420,
        contended: 411,
        maxWaitNs: 5_300_000,
      }),
    ],
    lines: [
      lineRow(app, 12, 'crunch', {
        holdNs: 1.9e9,
        waitNs: 200e6,
        blocksNs: 2.3e9,
        maxHoldNs: 310e6,
        samples: 1890,
      }),
      lineRow(app, 20, 'Poller.run', {
        holdNs: 198e6,
        waitNs: 2210e6,
        blocksNs: 98e6,
        offNs: 1e6,
        samples: 33,
      }),
      {
        ...lineRow(app, 30, '<module>', { holdNs: 2e6 }),
        hold: { selfNs: 2e6, totalNs: 9e6 },
      },
      lineRow('/usr/lib/python3.12/threading.py', 1045, 'Thread._bootstrap_inner', {
        holdNs: 120_000,
      }),
    ],
    blame: [
      { lock: '100/0', waiter: poll, holder: crunch, ns: 2200e6, count: 409, maxNs: 5_300_000 },
      { lock: '100/0', waiter: crunch, holder: poll, ns: 98e6, count: 400, maxNs: 900_000 },
      { lock: '100/0', waiter: poll, holder: null, ns: 12e6, count: 411, maxNs: 90_000 },
    ],
    findings: [
      {
        rule: 'convoy',
        severity: 'warning',
        where: { file: app, line: 20 },
        message:
          'poller gives up the GIL for a moment and then waits about a switch interval each time to get it back. Read larger pieces, or move crunch() to another process.',
        evidence: {},
      },
    ],
  };
}
