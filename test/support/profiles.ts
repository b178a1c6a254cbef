import type { LineRow, Lost, Profile, SelfTotal, ThreadRow } from '../../server/protocol';

export interface LineCost {
  readonly holdNs?: number;
  readonly waitNs?: number;
  readonly blocksNs?: number;
  readonly offNs?: number;
  readonly maxHoldNs?: number;
  readonly maxWaitNs?: number;
  readonly acquires?: number;
  readonly contended?: number;
  readonly samples?: number;
}

function both(ns = 0): SelfTotal {
  return { selfNs: ns, totalNs: ns };
}

/** A line whose time is all its own: self equals total. */
export function lineRow(file: string, line: number, name: string, cost: LineCost = {}): LineRow {
  return {
    file,
    line,
    function: name,
    hold: both(cost.holdNs),
    wait: both(cost.waitNs),
    blocks: both(cost.blocksNs),
    off: both(cost.offNs),
    native: both(),
    lockWait: both(),
    lockHold: both(),
    lockBlocks: both(),
    acquires: cost.acquires ?? 0,
    contended: cost.contended ?? 0,
    forcedReleases: 0,
    maxHoldNs: cost.maxHoldNs ?? 0,
    maxWaitNs: cost.maxWaitNs ?? 0,
    samples: cost.samples ?? 0,
    samplingError: null,
    totalSamples: cost.samples ?? 0,
    totalSamplingError: null,
  };
}

export function threadRow(tid: number, name: string, more: Partial<ThreadRow> = {}): ThreadRow {
  return {
    pid: 100,
    tid,
    name,
    gil: '100/0',
    startNs: 0,
    endNs: 0,
    holdNs: 0,
    waitNs: 0,
    offNs: 0,
    lockWaitNs: 0,
    nativeNs: 0,
    blocksNs: 0,
    acquires: 0,
    contended: 0,
    forcedReleases: 0,
    maxHoldNs: 0,
    maxWaitNs: 0,
    ...more,
  };
}

export const NOTHING_LOST: Lost = {
  events: 0,
  samples: 0,
  missing: 0,
  processes: 0,
  causes: [],
  reason: null,
};

/** A profile of one process without any event. */
export function emptyProfile(more: Partial<Profile> = {}): Profile {
  return {
    format: 'gilscope-profile',
    version: 1,
    command: ['app.py'],
    startedAt: '2026-01-01T00:00:00.000Z',
    wallNs: 1_000_000_000,
    exit: { code: 0, signal: null },
    lost: NOTHING_LOST,
    overhead: { cycleNs: 0, samplerCpuNs: 0 },
    parallelism: { onCpuNs: 0, underGilNs: 0, systemCpuNs: null },
    serialisation: { pickleNs: 0, pipeNs: 0 },
    awaits: [],
    executors: [],
    processes: [
      {
        pid: 100,
        parentPid: 1,
        argv: ['app.py'],
        python: '3.12.1',
        executable: '/usr/bin/python3',
        host: 'embedded',
        gilEnabled: true,
        gil: 'recorded',
        startNs: 0,
        endNs: 1_000_000_000,
        exit: { code: 0, signal: null },
        running: false,
        stoppedBy: null,
        replaced: false,
        otherChildren: 0,
        frames: 'recorded',
        childrenLeftOut: false,
        damaged: false,
        clockKnown: true,
        messages: [],
      },
    ],
    gils: [],
    threads: [],
    lines: [],
    blame: [],
    locks: [],
    findings: [],
    ...more,
  };
}
