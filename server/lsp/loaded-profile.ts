import { checkBudgets } from '../profile/budgets';
import type { FileNotes, Finding, LineNote, Profile, ProfileSummary } from '../protocol';
import { functionCosts, type FunctionCosts } from './code-lens';
import type { CostKind } from './line-costs';
import { lineNotes } from './notes';
import { indexProfile, type ProfileIndex } from './profile-index';
import type { SourceFiles } from './source-files';

/** A profile with everything that requests ask of it, worked out beforehand. */
export interface LoadedProfile {
  readonly title: string;
  readonly live: boolean;
  readonly index: ProfileIndex;
  readonly sources: SourceFiles;
  readonly minimumNs: number;
  /** Those of the profile, and at the end also the broken budgets. */
  readonly findings: readonly Finding[];
  /** By file key; only files whose text as profiled is known. */
  readonly notes: ReadonlyMap<string, readonly LineNote[]>;
  readonly functions: ReadonlyMap<string, readonly FunctionCosts[]>;
}

/** @param sources Has learned the files of the profile. */
export function loadProfile(
  profile: Profile,
  sources: SourceFiles,
  options: { readonly title: string; readonly live: boolean; readonly minimumNs: number },
): LoadedProfile {
  const index = indexProfile(profile, (file) => sources.keyOf(file));
  return {
    ...options,
    index,
    sources,
    // A budget is judged when the run is over.
    findings: options.live ? profile.findings : withBudgets(index, sources),
    ...worked(index, sources, options.minimumNs),
  };
}

function withBudgets(index: ProfileIndex, sources: SourceFiles): readonly Finding[] {
  const { findings } = index.profile;
  const known = new Set(findings.map((finding) => JSON.stringify([finding.rule, finding.where])));
  const broken = [...index.costsByFile].flatMap(([key, costs]) => {
    const budgets = sources.sourceOf(key)?.budgets.budgets ?? [];
    const file = costs[0]?.rows[0]?.file ?? key;
    return budgets.length === 0 ? [] : checkBudgets(file, budgets, index.profile.lines);
  });
  // A saved profile may hold the judgement of its own run.
  const added = broken.filter(
    (finding) => !known.has(JSON.stringify([finding.rule, finding.where])),
  );
  return [...findings, ...added];
}

/** The same profile with another threshold for what is shown inline. */
export function withMinimum(loaded: LoadedProfile, minimumNs: number): LoadedProfile {
  if (loaded.minimumNs === minimumNs) return loaded;
  return { ...loaded, minimumNs, ...worked(loaded.index, loaded.sources, minimumNs) };
}

function worked(
  index: ProfileIndex,
  sources: SourceFiles,
  minimumNs: number,
): Pick<LoadedProfile, 'notes' | 'functions'> {
  const limits = wholeProgram(index.profile);
  const notes = new Map<string, readonly LineNote[]>();
  const functions = new Map<string, readonly FunctionCosts[]>();
  for (const [key, costs] of index.costsByFile) {
    const source = sources.sourceOf(key);
    if (!source) continue;
    // A line that the text does not have comes from code that was made up at run time.
    const inText = costs.filter(({ line }) => line <= source.lineHashes.length);
    notes.set(key, lineNotes(inText, index.largestNs, minimumNs));
    functions.set(key, functionCosts(inText, source.definitions, limits));
  }
  return { notes, functions };
}

function wholeProgram(profile: Profile): Record<CostKind, number> {
  const sum = (pick: (row: Profile['gils'][number]) => number): number =>
    profile.gils.reduce((total, row) => total + pick(row), 0);
  const waitNs = sum((row) => row.waitNs);
  return { hold: sum((row) => row.holdNs), wait: waitNs, blocks: waitNs };
}

/** What the client draws on a file, under the client's own URI; null where nothing of it is known. */
export function fileNotes(loaded: LoadedProfile, key: string, uri: string): FileNotes | null {
  const source = loaded.sources.sourceOf(key);
  const notes = loaded.notes.get(key);
  if (!source || !notes) return null;
  return { uri, lineHashes: source.lineHashes, notes };
}

export function summaryOf(loaded: LoadedProfile): ProfileSummary {
  const { profile } = loaded.index;
  const { title, live, sources, notes } = loaded;
  return {
    title,
    live,
    wallNs: profile.wallNs,
    exit: profile.exit,
    files: sources.known().filter((file) => (notes.get(sources.keyOf(file))?.length ?? 0) > 0),
    findings: loaded.findings,
    lost: profile.lost,
  };
}
