import type { Finding, Profile } from '../protocol';
import { doubtsOf, isWhole } from './doubts';
import { formatDuration } from './duration';

/** Waiting below this share of the run is nothing to speak of. */
const MAX_WAIT_SHARE = 0.01;

/** Nobody waited to speak of: time is lost elsewhere. */
export function noContentionFindings(profile: Profile): Finding[] {
  if (!isWhole(doubtsOf(profile))) return [];
  const waitNs = profile.gils.reduce((sum, gil) => sum + gil.waitNs, 0);
  const acquires = profile.threads.reduce((sum, thread) => sum + thread.acquires, 0);
  // Without a GIL that goes without saying.
  if (!profile.processes.some((process) => process.gilEnabled)) return [];
  if (acquires === 0 || waitNs > MAX_WAIT_SHARE * profile.wallNs) return [];
  const holdNs = profile.gils.reduce((sum, gil) => sum + gil.holdNs, 0);
  return [
    {
      rule: 'gil-not-the-problem',
      severity: 'information',
      where: null,
      message:
        `The GIL is not the problem: in ${formatDuration(profile.wallNs)}, all threads together waited ` +
        `${formatDuration(waitNs)} for it. Look at what the code does, or at what it waits for.`,
      evidence: { waitNs, holdNs, wallNs: profile.wallNs, threads: profile.threads.length },
    },
  ];
}

/** Free-threaded processes in which no GIL was ever taken. */
export function noGilFindings(profile: Profile): Finding[] {
  return profile.processes
    .filter((process) => !process.gilEnabled)
    .map((process) => ({
      rule: 'no-gil',
      severity: 'information',
      where: null,
      message:
        `Process ${process.pid} ran free-threaded Python ${process.python} without a GIL: nothing waited for one. ` +
        'What threads contend for instead, locks and the locks inside of objects, is under locks.',
      evidence: { pid: process.pid, python: process.python },
    }));
}
