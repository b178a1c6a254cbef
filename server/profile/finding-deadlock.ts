import type { Finding } from '../protocol';
import { openHoldOf, waitCirclesOf, type WaitLink } from './lock-circles';
import type { LockFacts } from './lock-facts';
import type { OpenLockWaitOf } from './lock-open';

type Link = WaitLink<OpenLockWaitOf>;

/** Threads that wait for each other in a circle, as of now. */
export function deadlockFindings(facts: LockFacts): Finding[] {
  const { open, shared, handedOn } = facts.locks;
  const circles = waitCirclesOf(facts.state, open.waits, shared, handedOn);
  return circles.map((circle) => findingFor(circle, facts));
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
  const hold = openHoldOf(facts.state, facts.locks.shared, wait.lock);
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
