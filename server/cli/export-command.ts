import { resolve } from 'node:path';
import { reasonOf } from '../interpreter/run-folder';
import { writeFileInPieces } from '../profile/export/export-file';
import { needsTimeline } from '../profile/export/write-export';
import { RunAnalysis } from '../profile/run-analysis';
import { readSourceFile } from '../profile/worker-sources';
import { openRun } from '../trace/run-reader';
import { TraceError } from '../trace/trace-error';
import type { ExportCommand } from './options';
import { ToolFault } from './tool-fault';
import { checkWritable, print } from './write-outputs';

/**
 * Writes a profile for another tool. What is left out of the file is said on standard error.
 * @throws ToolFault, TraceError
 */
export async function exportCommand(command: ExportCommand): Promise<number> {
  checkWritable([command.out]);
  const reader = openRun(command.file);
  try {
    const analysis = new RunAnalysis(reader, { chart: needsTimeline(command) }, readSourceFile);
    analysis.snapshot({ command: null, startedAt: null, exit: null });
    for (const note of write(analysis, command)) {
      await print(process.stderr, `gilscope: ${note}\n`);
    }
    return 0;
  } finally {
    reader.close();
  }
}

function write(analysis: RunAnalysis, command: ExportCommand): string[] {
  try {
    const path = command.out === '-' ? '-' : resolve(command.out);
    return writeFileInPieces(path, (sink) => analysis.export(command, sink));
  } catch (error) {
    if (error instanceof TraceError || !isSystemError(error)) throw error;
    // Who read it has seen enough.
    if (error.code === 'EPIPE') return [];
    throw new ToolFault(`${command.out} cannot be written: ${reasonOf(error)}.`);
  }
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}
