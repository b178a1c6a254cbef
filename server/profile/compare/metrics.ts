import type { BlameRow, Profile, ThreadRow } from '../../protocol';
import type { Change, ComparedMetric } from '../../protocol-comparison';
import { changeOfCount, changeOfOne, changeOfTime, type Summed } from './spread';

/** The numbers of two whole runs beside each other. */
export function compareTotals(
  before: Profile,
  after: Profile,
): Readonly<Record<ComparedMetric, Change>> {
  const time = (of: (profile: Profile) => Summed): Change => changeOfTime(of(before), of(after));
  const count = (of: (profile: Profile) => number): Change => changeOfCount(of(before), of(after));
  const one = (of: (profile: Profile) => number): Change => changeOfOne(of(before), of(after));
  return {
    wall: one((profile) => profile.wallNs),
    hold: time(totalHold),
    wait: time(totalWait),
    blocks: time((profile) => ({
      ns: sumOf(profile.threads, (row) => row.blocksNs),
      ...blameOf(profile, true),
    })),
    off: time((profile) => ({
      ns: sumOf(profile.threads, (row) => row.offNs),
      count: acquiresOf(profile),
      maxNs: 0,
    })),
    handoff: time((profile) => ({
      ns: sumOf(profile.gils, (row) => row.handoffNs),
      ...blameOf(profile, false),
    })),
    'lock-wait': time((profile) => ofLocks(profile, 'waitNs', 'maxWaitNs')),
    'lock-hold': time((profile) => ofLocks(profile, 'holdNs', 'maxHoldNs')),
    'lock-blocks': time((profile) => ({
      ns: sumOf(profile.lines, (row) => row.lockBlocks.selfNs),
      count: sumOf(profile.locks, (row) => row.contended),
      maxNs: 0,
    })),
    'max-hold': one((profile) => longest(profile.threads, (row) => row.maxHoldNs)),
    'max-wait': one((profile) => longest(profile.threads, (row) => row.maxWaitNs)),
    acquires: count(acquiresOf),
    contended: count(contendedOf),
    forced: count((profile) => sumOf(profile.threads, (row) => row.forcedReleases)),
    switches: count((profile) => sumOf(profile.gils, (row) => row.switches)),
  };
}

/** A thread's own times, with what is known of their number. */
export function threadTimes(
  row: ThreadRow,
): Readonly<Record<'hold' | 'wait' | 'blocks' | 'off' | 'lockWait', Summed>> {
  const waits = row.contended > 0 ? row.contended : row.acquires;
  return {
    hold: { ns: row.holdNs, count: row.acquires, maxNs: row.maxHoldNs },
    wait: { ns: row.waitNs, count: waits, maxNs: row.maxWaitNs },
    blocks: { ns: row.blocksNs, count: row.acquires, maxNs: 0 },
    off: { ns: row.offNs, count: row.acquires, maxNs: 0 },
    lockWait: { ns: row.lockWaitNs, count: row.acquires, maxNs: 0 },
  };
}

function totalHold(profile: Profile): Summed {
  return {
    ns: sumOf(profile.threads, (row) => row.holdNs),
    count: acquiresOf(profile),
    maxNs: longest(profile.threads, (row) => row.maxHoldNs),
  };
}

function totalWait(profile: Profile): Summed {
  const contended = contendedOf(profile);
  return {
    ns: sumOf(profile.threads, (row) => row.waitNs),
    count: contended > 0 ? contended : acquiresOf(profile),
    maxNs: longest(profile.threads, (row) => row.maxWaitNs),
  };
}

function ofLocks(
  { locks }: Profile,
  ns: 'waitNs' | 'holdNs',
  max: 'maxWaitNs' | 'maxHoldNs',
): Summed {
  return {
    ns: sumOf(locks, (row) => row[ns]),
    count: sumOf(locks, (row) => (ns === 'waitNs' ? row.contended : row.acquires)),
    maxNs: longest(locks, (row) => row[max]),
  };
}

/** Who blocked whom on the GILs and on locks, apart: they are times of different kinds. */
export function blameByKind({ gils, blame }: Pick<Profile, 'gils' | 'blame'>): {
  readonly ofGils: readonly BlameRow[];
  readonly ofLocks: readonly BlameRow[];
} {
  const ids = new Set(gils.map((gil) => gil.id));
  return {
    ofGils: blame.filter((row) => ids.has(row.lock)),
    ofLocks: blame.filter((row) => !ids.has(row.lock)),
  };
}

function blameOf(profile: Profile, held: boolean): Omit<Summed, 'ns'> {
  const rows = blameByKind(profile).ofGils.filter((row) => (row.holder !== null) === held);
  return { count: sumOf(rows, (row) => row.count), maxNs: longest(rows, (row) => row.maxNs) };
}

function acquiresOf({ threads }: Profile): number {
  return sumOf(threads, (row) => row.acquires);
}

function contendedOf({ threads }: Profile): number {
  return sumOf(threads, (row) => row.contended);
}

/** Sum of one number of rows. */
export function sumOf<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + of(row), 0);
}

function longest<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((most, row) => Math.max(most, of(row)), 0);
}
