import { readdirSync, rmSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { defaultNativeFolder } from '../interpreter/platform';
import { prepareRun, type PreparedRun } from '../interpreter/prepare-run';
import { messageOf } from '../interpreter/run-error';
import { writeExit } from '../interpreter/run-folder';
import { otherProcesses } from '../interpreter/other-processes';
import { exitStatus, runProgram, type ProgramExit } from '../interpreter/run-program';
import type { AnalysedRun } from './analyse';
import { shellOpenFiles } from './shell-limits';
import { forwardSignals } from './forward-signals';
import { keepRun } from './keep-run';
import type { RunCommand } from './options';
import { showProfile, type ShownProfile } from './show-profile';
import { BUDGET_BROKEN_STATUS, ToolFault, TOOL_FAULT_STATUS } from './tool-fault';
import { checkWritable, print } from './write-outputs';

/**
 * Profiles a program. Returns the exit status.
 * @throws ToolFault, RunError before the program is started
 */
export async function runCommand(command: RunCommand): Promise<number> {
  const cwd = process.cwd();
  checkWritable([command.out, command.outputs.json, command.outputs.html]);
  const prepared = await prepare(command, cwd);
  const { runFolder } = prepared;
  let exit: ProgramExit;
  try {
    exit = await runToEnd(prepared);
  } catch (error) {
    rmSync(runFolder, { recursive: true, force: true });
    throw error;
  }
  const kept = keepOnInterrupt(runFolder);
  try {
    return await finish(command, cwd, runFolder, exit);
  } finally {
    kept();
  }
}

function prepare(command: RunCommand, cwd: string): Promise<PreparedRun> {
  const log: string[] = [];
  return prepareRun({
    find: {
      choice: command.python,
      choiceName: '--python',
      pythonExtensionChoice: '',
      workspaceFolder: null,
      cwd,
      env: process.env,
      log: (line) => log.push(line),
    },
    target: command.target,
    args: command.args,
    cwd,
    nativeFolder: defaultNativeFolder(),
    traceFolder: '',
    probe: { followChildren: command.children, ...shellOpenFiles() },
  });
}

async function runToEnd(prepared: PreparedRun): Promise<ProgramExit> {
  const signals = forwardSignals();
  try {
    const program = await runProgram(prepared.launch, { env: process.env });
    signals.to(program);
    return await program.ended;
  } finally {
    signals.stop();
  }
}

async function finish(
  command: RunCommand,
  cwd: string,
  runFolder: string,
  exit: ProgramExit,
): Promise<number> {
  const status = exitStatus(exit);
  writeExit(runFolder, exit, await otherProcesses(runFolder));
  if (!readdirSync(runFolder).some((name) => name.endsWith('.trace'))) {
    rmSync(runFolder, { recursive: true, force: true });
    // The host and the probe have said what is wrong.
    if (status === TOOL_FAULT_STATUS) return status;
    throw new ToolFault(
      `Nothing was measured: the program left no trace (it ended with status ${status}).`,
    );
  }
  const faults: string[] = [];
  const { analysed, out } = await keepRun(command, cwd, runFolder, faults);
  const shown = analysed === null ? null : await show(command, cwd, analysed, faults);
  if (out !== null) {
    rmSync(runFolder, { recursive: true, force: true });
    if (!command.quiet) await print(process.stderr, keptLine(cwd, out));
  }
  for (const fault of faults) await print(process.stderr, `gilscope: ${fault}\n`);
  if (faults.length > 0) return TOOL_FAULT_STATUS;
  if (status === 0 && command.check && shown?.budgetsHeld === false) return BUDGET_BROKEN_STATUS;
  return status;
}

async function show(
  command: RunCommand,
  cwd: string,
  analysed: AnalysedRun,
  faults: string[],
): Promise<ShownProfile | null> {
  const script = command.target.kind === 'file' ? [resolve(cwd, command.target.path)] : [];
  try {
    return await showProfile({
      analysed,
      folder: cwd,
      outputs: command.outputs,
      report: command.quiet ? null : process.stderr,
      budgets: { scripts: script, required: command.check },
    });
  } catch (error) {
    faults.push(messageOf(error));
    return null;
  }
}

function keptLine(cwd: string, out: string): string {
  const inside = relative(cwd, out);
  const name = inside.startsWith('..') ? out : inside;
  const megabytes = (statSync(out).size / 1e6).toFixed(1);
  return `\nKept in ${name} (${megabytes} MB); “gilscope report ${name}” shows it again.\n`;
}

/** An impatient Ctrl-C while the profile is written must not lose it. */
function keepOnInterrupt(runFolder: string): () => void {
  const handler = (): void => {
    process.stderr.write(
      `gilscope: Interrupted; what was measured is kept in ${runFolder}; “gilscope report ${runFolder}” reads it.\n`,
    );
    process.exit(130);
  };
  process.on('SIGINT', handler);
  return () => process.off('SIGINT', handler);
}
