import type { Finding, Profile } from '../protocol';
import type { StackTable } from '../trace/events';
import { formatDuration } from './duration';
import { SPAN } from './lock-books';
import { framesOf, type LockFacts } from './lock-facts';
import { workOfStack } from './lock-work';
import { shortName, standardModuleOf } from './python-library';

/** Others wait for the lock for this part of the run, or nobody gains by a change. */
const MIN_RUN_SHARE = 0.02;
/** This part of the time under the lock is spent there. */
const MIN_HOLD_SHARE = 0.3;
/** A lock held across a blocking call is worth a word from this long on, even if nobody waited. */
const MIN_BLOCKED_NS = 10_000_000;

type Rule = 'large-critical-section' | 'lock-across-await' | 'lock-across-blocking-call';

/** Time without the GIL in holds of one lock, of one place. */
interface Idle {
  readonly lock: number;
  readonly acquireStack: number;
  readonly stack: number;
  readonly ns: number;
  readonly count: number;
}

/** What is done under locks that does not need them: I/O, sleep, native code, waits for work, other coroutines. */
export function criticalSectionFindings(profile: Profile, facts: LockFacts): Finding[] {
  const found = new Map<string, { idle: Idle; rule: Rule; ns: number; count: number }>();
  for (const idle of idlesOf(facts)) {
    const rule = ruleOf(facts.state.stacks, idle);
    const key = `${rule}|${facts.rowOf(idle.lock)?.id ?? ''}|${facts.whereOf(placeOfIdle(rule, idle))}`;
    const known = found.get(key) ?? { idle, rule, ns: 0, count: 0 };
    found.set(key, {
      ...known,
      idle: known.idle.acquireStack === 0 ? idle : known.idle,
      ns: known.ns + idle.ns,
      count: known.count + idle.count,
    });
  }
  return [...found.values()]
    .sort((a, b) => b.ns - a.ns)
    .flatMap(({ idle, rule, ns, count }) =>
      findingFor(profile, facts, { ...idle, ns, count }, rule),
    )
    .filter(isFirst());
}

/** Of several locks of one place, `locks[…]`, one is enough. */
function isFirst(): (finding: Finding) => boolean {
  const seen = new Set<string>();
  return ({ rule, where, evidence }) => {
    const key = `${rule}|${where?.file}:${where?.line}|${evidence['takenAt']}`;
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  };
}

function idlesOf({ locks }: LockFacts): Idle[] {
  const { cells, idle } = locks.sums;
  return Array.from({ length: idle.keys.count }, (_, row) => {
    const cell = idle.keys.firstOf(row);
    return {
      lock: cells.firstOf(cell),
      acquireStack: cells.secondOf(cell),
      stack: idle.keys.secondOf(row),
      ns: idle.sums.get(row, SPAN.ns),
      count: idle.sums.get(row, SPAN.count),
    };
  });
}

function ruleOf(stacks: StackTable, idle: Idle): Rule {
  if (isAcrossAwait(stacks, idle)) return 'lock-across-await';
  return workOfStack(stacks, idle.stack) === null
    ? 'large-critical-section'
    : 'lock-across-blocking-call';
}

/** The line to change: for `await` where the lock is taken, else where the time goes. */
function placeOfIdle(rule: Rule, idle: Idle): number {
  return rule === 'lock-across-await' ? idle.acquireStack : idle.stack;
}

/** The event loop went on to other things while the coroutine that took the lock was suspended. */
function isAcrossAwait(stacks: StackTable, { acquireStack, stack }: Idle): boolean {
  const inLoop = (node: number) =>
    framesOf(stacks, node).some(
      ({ file, function: name }) =>
        standardModuleOf(file) === 'asyncio.base_events' && shortName(name) === '_run_once',
    );
  if (!inLoop(acquireStack) || !inLoop(stack)) return false;
  const [taker] = framesOf(stacks, acquireStack);
  return !framesOf(stacks, stack).some(
    (frame) => frame.file === taker?.file && frame.function === taker.function,
  );
}

function findingFor(profile: Profile, facts: LockFacts, idle: Idle, rule: Rule): Finding[] {
  const row = facts.rowOf(idle.lock);
  const place = facts.placeOf(placeOfIdle(rule, idle));
  if (row === undefined || place.line === 0) return [];
  const hurts = row.waitNs >= MIN_RUN_SHARE * profile.wallNs;
  const isLarge = idle.ns >= MIN_HOLD_SHARE * row.holdNs;
  const isHazard = rule !== 'large-critical-section' && idle.ns >= MIN_BLOCKED_NS;
  // What a library does under its own locks is its own affair, as long as nobody waits for it.
  if (!(hurts && isLarge) && !(isHazard && row.library === null)) return [];
  return [
    {
      rule,
      severity: hurts ? 'warning' : 'information',
      where: { file: place.file, line: place.line },
      message: messageOf(facts, idle, rule, row.waitNs),
      evidence: {
        lock: row.id,
        idleNs: idle.ns,
        times: idle.count,
        holdNs: row.holdNs,
        waitNs: row.waitNs,
        takenAt: facts.stackText(idle.acquireStack),
        stack: facts.stackText(idle.stack),
      },
    },
  ];
}

function messageOf(facts: LockFacts, idle: Idle, rule: Rule, waitNs: number): string {
  const lock = facts.phraseOf(idle.lock);
  const ns = formatDuration(idle.ns);
  // Of a hold that went on when the lock was first waited for, only the start is known, and that roughly.
  const taken = idle.acquireStack === 0 ? '' : `, taken at ${facts.whereOf(idle.acquireStack)}`;
  const waited = waitNs > 0 ? ` Others waited ${formatDuration(waitNs)} for this lock in all.` : '';
  if (rule === 'lock-across-await') {
    return (
      `${capital(lock)} stays held across an await: for ${ns} the event loop ran other things meanwhile, and any ` +
      `of them that wants it stops the whole loop.${waited} Use an asyncio.Lock, or let go before the await.`
    );
  }
  if (rule === 'lock-across-blocking-call') {
    return (
      `This waits for other threads, ${ns} in all, while it holds ${lock}${taken}: ` +
      `if they need the lock, all stand still.${waited} Let go of the lock before waiting.`
    );
  }
  if (facts.rowOf(idle.lock)?.kind === 'import') {
    return (
      `Here ${ns} pass in I/O, sleep or native code while a module is imported under ${lock}, for ` +
      `${facts.whereOf(idle.acquireStack)}.${waited} Import the module before the threads start, or do this at its first use.`
    );
  }
  return (
    `Here ${ns} pass in I/O, sleep or native code while ${lock} is held${taken}.` +
    `${waited} Do this before taking the lock or after letting it go.`
  );
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
