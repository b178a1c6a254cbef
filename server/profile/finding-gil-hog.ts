import type { BlameRow, Finding, GilRow, Profile } from '../protocol';
import { formatDuration } from './duration';
import { idOfItsProcess, processesById } from './process-id';

/** Others wait for the line during at least this part of the run, or it is not what slows the run down. */
const MIN_RUN_SHARE = 0.5;
/** And this part of all waiting is for it, or there is no single line to change. */
const MIN_WAIT_SHARE = 0.5;

/** Lines whose holds block others for most of the run. */
export function gilHogFindings(profile: Profile): Finding[] {
  const processes = processesById(profile.processes);
  return profile.gils.flatMap((gil) => {
    const process = processes.get(idOfItsProcess(gil));
    const lifeNs = process === undefined ? profile.wallNs : process.endNs - process.startNs;
    return holdersOf(profile, gil)
      .filter(({ ns }) => ns >= MIN_RUN_SHARE * lifeNs && ns >= MIN_WAIT_SHARE * gil.waitNs)
      .flatMap((holder) => (holder.line > 0 ? [findingFor(profile, gil, holder, lifeNs)] : []));
  });
}

interface Holder {
  readonly file: string;
  readonly line: number;
  ns: number;
  readonly rows: BlameRow[];
}

function holdersOf(profile: Profile, gil: GilRow): Holder[] {
  const holders = new Map<string, Holder>();
  for (const row of profile.blame) {
    if (row.lock !== gil.id || row.holder === null) continue;
    const key = `${row.holder.line}:${row.holder.file}`;
    const holder = holders.get(key) ?? { ...row.holder, ns: 0, rows: [] };
    holders.set(key, holder);
    holder.ns += row.ns;
    holder.rows.push(row);
  }
  return [...holders.values()];
}

function findingFor(profile: Profile, gil: GilRow, holder: Holder, lifeNs: number): Finding {
  const line = profile.lines.find((row) => row.file === holder.file && row.line === holder.line);
  const [worst] = holder.rows;
  const victim =
    worst === undefined || worst.waiter.line === 0
      ? ''
      : `, most of them at ${worst.waiter.file}:${worst.waiter.line}`;
  return {
    rule: 'gil-hog',
    severity: 'warning',
    where: { file: holder.file, line: holder.line },
    message:
      `Other threads waited ${formatDuration(holder.ns)} for the GIL while this line held it` +
      `${victim}. Move this work to a process, to code that releases the GIL, or do less of it.`,
    evidence: {
      gil: gil.id,
      blocksNs: holder.ns,
      holdNs: line?.hold.selfNs ?? 0,
      waitNs: gil.waitNs,
      runNs: lifeNs,
    },
  };
}
