import type { Finding } from '../protocol';
import { groupBy } from './group-by';
import type { LockOrder } from './lock-books';
import type { LockFacts } from './lock-facts';

const MAX_FINDINGS = 8;
/** Circles of more locks than this are not looked for. */
const MAX_CIRCLE = 4;

/** Locks that are taken in both orders: a deadlock that has not happened yet. */
export function lockOrderFindings(facts: LockFacts): Finding[] {
  const byOuter = groupBy(facts.locks.orders, (order) => order.outer);
  const findings = new Map<string, Finding>();
  for (const order of facts.locks.orders) {
    const circle = circleFrom(order, byOuter);
    if (circle === null || !isHazard(circle)) continue;
    const key = circle
      .map((one) => `${facts.whereOf(one.outerStack)} ${facts.whereOf(one.innerStack)}`)
      .sort()
      .join('|');
    if (!findings.has(key)) findings.set(key, findingFor(circle, facts));
    if (findings.size >= MAX_FINDINGS) break;
  }
  return [...findings.values()];
}

/** The shortest way from the inner lock back to the outer one, the order itself first. */
function circleFrom(
  first: LockOrder,
  byOuter: ReadonlyMap<number, readonly LockOrder[]>,
): readonly LockOrder[] | null {
  let paths: readonly (readonly LockOrder[])[] = [[first]];
  const seen = new Set([first.inner]);
  for (let length = 2; length <= MAX_CIRCLE; length++) {
    const longer: (readonly LockOrder[])[] = [];
    for (const path of paths) {
      for (const next of byOuter.get(path.at(-1)?.inner ?? -1) ?? []) {
        if (next.inner === first.outer) return [...path, next];
        if (seen.has(next.inner)) continue;
        seen.add(next.inner);
        longer.push([...path, next]);
      }
    }
    paths = longer;
  }
  return null;
}

/** One thread alone never waits for itself; a lock that all of them hold keeps them apart. */
function isHazard(circle: readonly LockOrder[]): boolean {
  const threads = new Set(circle.flatMap((order) => [...order.threads]));
  const [first, ...others] = circle;
  const guards = [...(first?.guards ?? [])].filter((lock) =>
    others.every((order) => order.guards.has(lock)),
  );
  return threads.size > 1 && guards.length === 0;
}

function findingFor(circle: readonly LockOrder[], facts: LockFacts): Finding {
  const [first] = circle;
  const where = facts.placeOf(first?.innerStack ?? 0);
  const sentences = circle.map(
    ({ outer, inner, outerStack, innerStack }) =>
      `${facts.phraseOf(inner)} at ${facts.whereOf(innerStack)} while holding ${facts.phraseOf(outer)}` +
      (outerStack === 0 ? '' : `, taken at ${facts.whereOf(outerStack)}`),
  );
  return {
    rule: 'lock-order-inversion',
    severity: 'warning',
    where: where.line === 0 ? null : { file: where.file, line: where.line },
    message:
      `Locks are taken in ${circle.length === 2 ? 'both orders' : 'a circle'}: ${sentences.join('; but ')}. ` +
      'It went well this time; threads that do this at the same moment wait for each other for ever. ' +
      'Take these locks in one order everywhere.',
    evidence: {
      locks: circle.length,
      ...Object.fromEntries(
        circle.flatMap((order, at): [string, string | number][] => [
          [`outerStack${at + 1}`, facts.stackText(order.outerStack)],
          [`innerStack${at + 1}`, facts.stackText(order.innerStack)],
          [`times${at + 1}`, order.count],
        ]),
      ),
    },
  };
}
