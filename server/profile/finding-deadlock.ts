import type { Finding } from '../protocol';
import type { OpenLockHold } from '../trace/events';
import type { LockFacts } from './lock-facts';
import type { OpenLockWaitOf } from './lock-open';
import { WorkSense } from './lock-work';

/** A circle that lasts this long is none that is just being passed through while it is read. */
const LEAST_NS = 200_000_000;

/** A wait of a thread, and the thread that it waits for. */
interface Link {
  readonly wait: OpenLockWaitOf;
  readonly owner: number;
}

/** Threads that wait for each other in a circle, as of now. */
export function deadlockFindings(facts: LockFacts): Finding[] {
  const links = linksOf(facts);
  const seen = new Set<number>();
  const findings: Finding[] = [];
  for (const start of links.keys()) {
    const path: number[] = [];
    let thread = start;
    while (links.has(thread) && !seen.has(thread)) {
      seen.add(thread);
      path.push(thread);
      thread = links.get(thread)?.owner ?? -1;
    }
    const from = path.indexOf(thread);
    if (from < 0) continue;
    const circle = path.slice(from).flatMap((one) => links.get(one) ?? []);
    if (circle.every(({ wait }) => wait.endNs - wait.startNs >= LEAST_NS)) {
      findings.push(findingFor(circle, facts));
    }
  }
  return findings;
}

/** The hold that goes on, in whichever process. */
function holdOf(lock: number, { state, locks }: LockFacts): OpenLockHold | null {
  const holds = locks.shared.membersOf(lock).map((member) => state.locks[member]?.openHold);
  return holds.find((hold) => hold !== undefined && hold !== null) ?? null;
}

function linksOf(facts: LockFacts): Map<number, Link> {
  const { state, locks } = facts;
  const sense = new WorkSense();
  const links = new Map<number, Link>();
  for (const wait of locks.open.waits) {
    const lock = state.locks[wait.lock];
    if (lock === undefined) continue;
    // A thread that waits for work often does so at a lock that it took itself, for another one to release.
    const role = sense.roleOf(state.stacks, lock);
    if (role !== 'join' && (wait.isWork || role !== 'lock')) continue;
    const owner =
      holdOf(wait.lock, facts)?.thread ??
      state.threads[wait.thread]?.openLockWait?.ownerThread ??
      null;
    if (owner === wait.thread && (lock.kind === 'RLock' || locks.handedOn.has(wait.lock))) continue;
    if (owner !== null) links.set(wait.thread, { wait, owner });
  }
  return links;
}

function findingFor(circle: readonly Link[], facts: LockFacts): Finding {
  const sinceNs = Math.max(...circle.map(({ wait }) => wait.startNs));
  const places = circle.map(({ wait }) => facts.placeOf(wait.stack));
  const where = places.find(({ line }) => line > 0);
  const alone = circle.length === 1;
  const what = alone
    ? 'Deadlock: a thread waits for a lock that it holds itself. '
    : `Deadlock: ${circle.length} threads wait for each other. `;
  const advice = alone
    ? 'Only another thread that releases it could end this. Use an RLock, or do not call this while the lock is held.'
    : 'Take these locks in one order everywhere, or hold only one of them at a time.';
  return {
    rule: 'deadlock',
    severity: 'error',
    where: where === undefined ? null : { file: where.file, line: where.line },
    message: `${what}${circle.map((link) => sentenceOf(link, facts)).join('; ')}. ${advice}`,
    evidence: {
      threads: circle.length,
      sinceNs,
      ...Object.fromEntries(
        circle.map(({ wait }, at) => [`stack${at + 1}`, facts.stackText(wait.stack)]),
      ),
    },
  };
}

function sentenceOf({ wait, owner }: Link, facts: LockFacts): string {
  const hold = holdOf(wait.lock, facts);
  const waiter = facts.threadName(wait.thread);
  if (facts.state.locks[wait.lock]?.kind === 'join') {
    return `${waiter} waits at ${facts.whereOf(wait.stack)} for the end of ${facts.threadName(owner)}`;
  }
  const taken =
    hold === null || hold.stack === 0 ? '' : `, who took it at ${facts.whereOf(hold.stack)}`;
  return (
    `${waiter} waits at ${facts.whereOf(wait.stack)} for ${facts.phraseOf(wait.lock)} ` +
    `of ${owner === wait.thread ? 'its own' : facts.threadName(owner)}${taken}`
  );
}
