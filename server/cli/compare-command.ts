import { compareProfiles, type ComparedProfile } from '../profile/compare/compare-profiles';
import { comparisonText } from '../profile/compare/comparison-text';
import { checkCondition, conditionText } from '../profile/compare/conditions';
import { readManifest } from '../lsp/profile-files';
import { storedHashesOf, unpackHashes } from '../lsp/stored-hashes';
import { analyseRun } from './analyse';
import type { CompareCommand } from './options';
import { CONDITION_MET_STATUS } from './tool-fault';
import { checkWritable, print, writeOutput } from './write-outputs';

/**
 * Compares two profiles. Returns 1 where a condition of `--fail-if` is met, or nobody can tell.
 * @throws ToolFault, TraceError
 */
export async function compareCommand(command: CompareCommand): Promise<number> {
  checkWritable([command.json]);
  const comparison = compareProfiles(open(command.before), open(command.after));
  const conditions = command.conditions.map((condition) => checkCondition(condition, comparison));
  const text = comparisonText(comparison, {
    names: [command.before, command.after],
    folder: process.cwd(),
    conditions,
  });
  const json = `${JSON.stringify({ ...comparison, conditions })}\n`;
  if (command.json === '-') {
    await print(process.stdout, json);
    for (const note of comparison.notes) await print(process.stderr, `gilscope: ${note}\n`);
    for (const result of conditions.filter(({ met }) => met)) {
      await print(process.stderr, `gilscope: ${conditionText(result)}\n`);
    }
  } else {
    if (command.json !== null) writeOutput(command.json, json);
    await print(process.stdout, text);
  }
  return conditions.some(({ met }) => met) ? CONDITION_MET_STATUS : 0;
}

function open(path: string): ComparedProfile {
  const stored = storedHashesOf(readManifest(path));
  const { profile } = analyseRun(path, false);
  return {
    profile,
    lineHashes: (file) => {
      const packed = stored[file];
      return packed === undefined ? null : unpackHashes(packed);
    },
  };
}
