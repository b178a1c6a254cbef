import { readFileSync, statSync } from 'node:fs';
import type { Finding, Profile } from '../protocol';
import { checkBudgets, parseBudgets } from '../profile/budgets';
import { doubtsOf } from '../profile/doubts';
import { isOwnFile } from '../profile/report-places';

export interface BudgetCheck {
  readonly findings: readonly Finding[];
  /** Budgets that cannot be understood or checked, `file:line: why`. */
  readonly problems: readonly string[];
}

/**
 * Checks the budgets in the user's own files that the profile names.
 * @param more Files that count although nothing on them cost anything.
 */
export function checkSourceBudgets(profile: Profile, more: readonly string[]): BudgetCheck {
  const named = profile.lines.map((row) => row.file).filter(isOwnFile);
  const doubts = doubtsOf(profile);
  const findings: Finding[] = [];
  const problems: string[] = [];
  for (const file of new Set([...more, ...named])) {
    const source = readSource(file);
    if (source === null) continue;
    const parsed = parseBudgets(source);
    problems.push(...parsed.problems.map(({ line, message }) => `${file}:${line}: ${message}`));
    const { budgets } = parsed;
    if (budgets.length > 0 && isChanged(file, profile.startedAt))
      problems.push(`${file}: ${CHANGED}`);
    else findings.push(...checkBudgets(file, budgets, profile.lines, doubts));
  }
  return { findings, problems };
}

const CHANGED =
  'its budgets could not be checked, for it was changed while the program ran. Run it again.';

/** Its lines may have moved since. */
function isChanged(file: string, startedAt: string): boolean {
  try {
    return statSync(file).mtimeMs > Date.parse(startedAt);
  } catch {
    return true;
  }
}

/** Null: it is gone, or no text; then no budget can be in it. */
function readSource(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
