import type { Finding, Profile } from '../protocol';
import { formatDuration } from './duration';
import type { ProcessCosts } from './process-costs';

/** Less is not felt. */
const MIN_BLOCKED_NS = 50_000_000;
const MIN_RUN_SHARE = 0.02;
const MOST = 3;

/** Lines of asyncio tasks at which the event loop itself was blocked. */
export function loopFindings(profile: Profile, blocks: ProcessCosts['loopBlocks']): Finding[] {
  return blocks
    .filter(({ where, ns }) => where.line > 0 && ns >= MIN_BLOCKED_NS)
    .filter(({ ns }) => ns >= MIN_RUN_SHARE * profile.wallNs)
    .slice(0, MOST)
    .map(({ where, ns }) => ({
      rule: 'loop-blocked',
      severity: 'warning',
      where: { file: where.file, line: where.line },
      message:
        `This line of a task blocked its event loop for ${formatDuration(ns)}: the thread slept or waited for I/O ` +
        'without an await, so that no other task could run. Await it, or give it to a thread (asyncio.to_thread).',
      evidence: { function: where.function, blockedNs: ns, runNs: profile.wallNs },
    }));
}
