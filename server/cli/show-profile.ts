import type { Profile } from '../protocol';
import { doubtsOf } from '../profile/doubts';
import { reportText } from '../profile/report-text';
import type { AnalysedRun } from './analyse';
import { collectStandalone, standalonePage } from './html';
import type { Outputs } from './options';
import { checkSourceBudgets } from './source-budgets';
import { print, writeOutput } from './write-outputs';

export interface ShowOptions {
  readonly analysed: AnalysedRun;
  /** Paths in here are shown relative to it. */
  readonly folder: string;
  readonly outputs: Outputs;
  /** Where the text report goes; null: nowhere. */
  readonly report: NodeJS.WriteStream | null;
  /** Null: the sources may be other ones by now. */
  readonly budgets: { readonly scripts: readonly string[]; readonly required: boolean } | null;
}

export interface ShownProfile {
  /** No budget was broken, and all could be checked. */
  readonly budgetsHeld: boolean;
}

/**
 * Writes everything that was asked for.
 * @throws ToolFault
 */
export async function showProfile(options: ShowOptions): Promise<ShownProfile> {
  const { analysed, outputs, report } = options;
  const checked = withBudgets(analysed.profile, options);
  const { profile } = checked;
  if (report !== null) {
    await print(
      report,
      `${report === process.stderr ? '\n' : ''}${reportText(profile, { folder: options.folder })}`,
    );
  }
  if (report !== null || options.budgets?.required === true) {
    for (const problem of checked.problems) await print(process.stderr, `gilscope: ${problem}\n`);
  }
  if (outputs.json === '-') await print(process.stdout, `${JSON.stringify(profile)}\n`);
  else if (outputs.json !== null) writeOutput(outputs.json, `${JSON.stringify(profile)}\n`);
  if (outputs.html !== null) {
    const data = await collectStandalone(analysed.chart, profile.findings);
    writeOutput(outputs.html, standalonePage(data, __dirname));
  }
  return { budgetsHeld: checked.held };
}

interface CheckedProfile {
  readonly profile: Profile;
  readonly problems: readonly string[];
  readonly held: boolean;
}

function notChecked(doubt: string): string {
  return `Not all budgets could be checked: ${doubt} (see “How exact” in the report).`;
}

function withBudgets(profile: Profile, { budgets }: ShowOptions): CheckedProfile {
  if (budgets === null) return { profile, problems: [], held: true };
  const { findings, problems } = checkSourceBudgets(profile, budgets.scripts);
  const { untrusted, missing, noLines } = doubtsOf(profile);
  // There may be budgets in files that are on no line, which nobody finds.
  const doubt = budgets.required ? (untrusted ?? missing ?? noLines) : null;
  return {
    profile: { ...profile, findings: [...findings, ...profile.findings] },
    problems: doubt === null ? problems : [...problems, notChecked(doubt)],
    held: findings.length === 0 && problems.length === 0 && doubt === null,
  };
}
