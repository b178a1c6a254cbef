import type { ProcessRow } from '../../server/protocol';
import type { Lane } from '../../server/protocol-chart';

/** Which program of which process a lane is of: `PID`, or `PID-1` after an exec. The ids of GILs begin with it. */
export function programOf({ gil }: Pick<Lane, 'gil'>): string {
  return gil.slice(0, gil.indexOf('/'));
}

export function pidOf(program: string): number {
  return Number(program.split('-')[0]);
}

/** The row of a program: those of one pid are in their order. */
export function processRow(
  program: string,
  processes: readonly ProcessRow[],
): ProcessRow | undefined {
  const [, before = '0'] = program.split('-');
  return processes.filter(({ pid }) => pid === pidOf(program))[Number(before)];
}
