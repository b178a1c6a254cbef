import type { LineRow, Place, Profile, SelfTotal } from '../../server/protocol';
import { NOTHING_LOST } from './profiles';

const NOTHING: SelfTotal = { selfNs: 0, totalNs: 0 };

/** A row of a profile's lines; what is not given is zero. */
export function lineRow(row: Partial<LineRow> & Place): LineRow {
  return {
    hold: NOTHING,
    wait: NOTHING,
    blocks: NOTHING,
    off: NOTHING,
    native: NOTHING,
    lockWait: NOTHING,
    lockHold: NOTHING,
    lockBlocks: NOTHING,
    acquires: 0,
    contended: 0,
    forcedReleases: 0,
    maxHoldNs: 0,
    maxWaitNs: 0,
    samples: 0,
    samplingError: null,
    totalSamples: 0,
    totalSamplingError: null,
    ...row,
  };
}

/** A profile with no rows but those given. */
export function profileOf(part: Partial<Profile>): Profile {
  return {
    format: 'gilscope-profile',
    version: 1,
    command: ['script.py'],
    startedAt: '2026-01-01T00:00:00.000Z',
    wallNs: 10_000_000_000,
    exit: { code: 0, signal: null },
    lost: NOTHING_LOST,
    overhead: { cycleNs: 0, samplerCpuNs: 0 },
    parallelism: { onCpuNs: 0, underGilNs: 0, systemCpuNs: null },
    serialisation: { pickleNs: 0, pipeNs: 0 },
    awaits: [],
    executors: [],
    processes: [],
    gils: [],
    threads: [],
    lines: [],
    blame: [],
    locks: [],
    findings: [],
    ...part,
  };
}
