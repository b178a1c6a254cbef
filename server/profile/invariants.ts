import type { LineRow, LockSite, Profile, SelfTotal } from '../protocol';
import { groupBy } from './group-by';

/** A sum that does not come out: `actual` should be `expected`. */
export interface Violation {
  /** Words of design.md §2. */
  readonly invariant: string;
  /** What it is about: a thread, a lock, or the lines. */
  readonly subject: string;
  readonly expected: number;
  readonly actual: number;
}

/** Checks a profile against what must always be true of it; empty when it all holds. */
export function checkInvariants(profile: Profile): Violation[] {
  return [
    ...profile.threads.flatMap((thread) => {
      const subject = `thread ${thread.pid}/${thread.tid} on GIL ${thread.gil}`;
      const lifeNs = thread.endNs - thread.startNs;
      const sumNs = thread.holdNs + thread.waitNs + thread.offNs;
      return [
        ...equal('holding + waiting + off = lifetime', subject, lifeNs, sumNs),
        ...notNegative(subject, thread),
      ];
    }),
    ...gilViolations(profile),
    ...lockViolations(profile),
    ...lineViolations(profile),
    ...lockLineViolations(profile),
  ];
}

/** For every lock what holds for a GIL. */
function lockViolations({ locks, blame }: Profile): Violation[] {
  const byLock = groupBy(blame, (row) => row.lock);
  return locks.flatMap((lock) => {
    const rows = byLock.get(lock.id) ?? [];
    const subject = `lock ${lock.name ?? lock.kind} (${lock.id})`;
    const heldNs = sum(
      rows.filter((row) => row.holder !== null),
      (row) => row.ns,
    );
    const nobodyNs = sum(
      rows.filter((row) => row.holder === null),
      (row) => row.ns,
    );
    const siteNs = (of: (site: LockSite) => number) => sum(lock.sites, of);
    return [
      ...equal(
        'sum of waits = blame + hand-off + unattributed',
        subject,
        lock.waitNs,
        heldNs + nobodyNs + lock.unattributedNs,
      ),
      ...equal('hand-off rows = hand-off', subject, lock.handoffNs, nobodyNs),
      ...equal(
        'sum of waits = waits of its lines',
        subject,
        lock.waitNs - lock.unattributedNs,
        siteNs((site) => site.waitNs),
      ),
      ...equal(
        'sum of holds = holds of its lines',
        subject,
        lock.holdNs - lock.unattributedHoldNs,
        siteNs((site) => site.holdNs),
      ),
      ...equal(
        'sum of blame = blocks of its lines',
        subject,
        heldNs,
        siteNs((site) => site.blocksNs),
      ),
      ...notNegative(subject, lock),
    ];
  });
}

function lockLineViolations({ lines, locks, threads, blame, gils }: Profile): Violation[] {
  const gilIds = new Set(gils.map((gil) => gil.id));
  const waitNs = sum(locks, (lock) => lock.waitNs - lock.unattributedNs);
  const blockedNs = sum(
    blame.filter((row) => row.holder !== null && !gilIds.has(row.lock)),
    (row) => row.ns,
  );
  const self = (of: (line: LineRow) => SelfTotal) => sum(lines, (line) => of(line).selfNs);
  const invariant = (name: string) => `sum over lines of self = sum over locks, ${name}`;
  return [
    ...equal(
      invariant('lock wait'),
      'lines',
      waitNs,
      self((line) => line.lockWait),
    ),
    ...equal(
      invariant('lock hold'),
      'lines',
      sum(locks, (lock) => lock.holdNs - lock.unattributedHoldNs),
      self((line) => line.lockHold),
    ),
    ...equal(
      invariant('lock blocks'),
      'lines',
      blockedNs,
      self((line) => line.lockBlocks),
    ),
    ...equal(
      'sum of waits for locks = lock waits of threads',
      'threads',
      waitNs,
      sum(threads, (thread) => thread.lockWaitNs),
    ),
  ];
}

function gilViolations(profile: Profile): Violation[] {
  const ids = [...new Set(profile.gils.map((gil) => gil.id))];
  return ids.flatMap((id) => {
    const gils = profile.gils.filter((gil) => gil.id === id);
    const threads = profile.threads.filter((thread) => thread.gil === id);
    const blame = profile.blame.filter((row) => row.lock === id);
    const waitNs = sum(gils, (gil) => gil.waitNs);
    const unattributedNs = sum(gils, (gil) => gil.unattributedNs);
    const handOffNs = sum(gils, (gil) => gil.handoffNs);
    const holders = blame.filter((row) => row.holder !== null);
    const nobody = blame.filter((row) => row.holder === null);
    const blameNs = sum(holders, (row) => row.ns);
    const subject = `GIL ${id}`;
    return [
      ...equal(
        'sum of waits = blame + hand-off + unattributed',
        subject,
        waitNs,
        blameNs + handOffNs + unattributedNs,
      ),
      ...equal(
        'hand-off rows = hand-off',
        subject,
        handOffNs,
        sum(nobody, (row) => row.ns),
      ),
      ...equal(
        'sum of waits = waits of its threads',
        subject,
        waitNs,
        sum(threads, (t) => t.waitNs),
      ),
      ...equal(
        'sum of blame = blocks of its threads',
        subject,
        blameNs,
        sum(threads, (t) => t.blocksNs),
      ),
      ...equal(
        'sum of holds = holds of its threads',
        subject,
        sum(gils, (gil) => gil.holdNs),
        sum(threads, (t) => t.holdNs),
      ),
    ];
  });
}

function lineViolations({ lines, threads }: Profile): Violation[] {
  const self = (of: (line: LineRow) => SelfTotal) => sum(lines, (line) => of(line).selfNs);
  const invariant = (name: string) => `sum over lines of self = sum over threads, ${name}`;
  return [
    ...equal(
      invariant('hold'),
      'lines',
      sum(threads, (t) => t.holdNs),
      self((line) => line.hold),
    ),
    ...equal(
      invariant('wait'),
      'lines',
      sum(threads, (t) => t.waitNs),
      self((line) => line.wait),
    ),
    ...equal(
      invariant('off'),
      'lines',
      sum(threads, (t) => t.offNs),
      self((line) => line.off),
    ),
    ...equal(
      invariant('blocks'),
      'lines',
      sum(threads, (t) => t.blocksNs),
      self((line) => line.blocks),
    ),
    ...equal(
      invariant('acquires'),
      'lines',
      sum(threads, (t) => t.acquires),
      sum(lines, (line) => line.acquires),
    ),
    ...lines.flatMap((line) =>
      [line.hold, line.wait, line.blocks, line.off, line.lockWait, line.lockHold, line.lockBlocks]
        .filter((time) => time.selfNs > time.totalNs || time.selfNs < 0)
        .map((time) => ({
          invariant: '0 ≤ self ≤ total',
          subject: `${line.file}:${line.line}`,
          expected: time.totalNs,
          actual: time.selfNs,
        })),
    ),
  ];
}

function notNegative(
  subject: string,
  times: Readonly<Record<string, unknown>> | object,
): Violation[] {
  return Object.entries(times)
    .filter(([, value]) => typeof value === 'number' && (value < 0 || !Number.isSafeInteger(value)))
    .map(([name, value]) => ({
      invariant: `${name} is a whole number, not negative`,
      subject,
      expected: 0,
      actual: Number(value),
    }));
}

function equal(invariant: string, subject: string, expected: number, actual: number): Violation[] {
  return expected === actual ? [] : [{ invariant, subject, expected, actual }];
}

function sum<Row>(rows: readonly Row[], of: (row: Row) => number): number {
  return rows.reduce((total, row) => total + of(row), 0);
}
