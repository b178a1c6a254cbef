#!/usr/bin/env node
import { RunError } from './interpreter/run-error';
import { compareCommand } from './cli/compare-command';
import { exportCommand } from './cli/export-command';
import { parseCommand } from './cli/options';
import { reportCommand } from './cli/report-command';
import { runCommand } from './cli/run-command';
import { serveCommand } from './cli/serve-command';
import { ToolFault, TOOL_FAULT_STATUS } from './cli/tool-fault';
import { USAGE } from './cli/usage';
import { print } from './cli/write-outputs';
import { TraceError } from './trace/trace-error';
import { version } from '../package.json';

async function main(args: readonly string[]): Promise<number | null> {
  const command = parseCommand(args);
  switch (command.kind) {
    case 'help':
      await print(process.stdout, USAGE[command.topic]);
      return 0;
    case 'version':
      await print(process.stdout, `gilscope ${version}\n`);
      return 0;
    case 'run':
      return runCommand(command);
    case 'report':
      return reportCommand(command);
    case 'export':
      return exportCommand(command);
    case 'compare':
      return compareCommand(command);
    case 'serve':
      // The server ends the process when its client says so.
      await serveCommand();
      return null;
  }
}

function faultText(error: unknown): string {
  if (error instanceof ToolFault || error instanceof RunError || error instanceof TraceError) {
    return error.message;
  }
  const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `A defect in gilscope, please report it: ${words.replace(/\s*\n\s*/g, ' | ')}`;
}

main(process.argv.slice(2)).then(
  (status) => {
    if (status !== null) process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`gilscope: ${faultText(error)}\n`);
    process.exitCode = TOOL_FAULT_STATUS;
  },
);
