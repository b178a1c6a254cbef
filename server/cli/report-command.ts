import { analyseRun } from './analyse';
import type { ReportCommand } from './options';
import { showProfile } from './show-profile';
import { checkWritable } from './write-outputs';

/**
 * Reports on a profile that was kept.
 * @throws ToolFault, TraceError
 */
export async function reportCommand(command: ReportCommand): Promise<number> {
  checkWritable([command.outputs.json, command.outputs.html]);
  await showProfile({
    analysed: analyseRun(command.file, command.outputs.html !== null),
    folder: process.cwd(),
    outputs: command.outputs,
    // Standard output is one document or the other.
    report: command.outputs.json === '-' ? null : process.stdout,
    budgets: null,
  });
  return 0;
}
