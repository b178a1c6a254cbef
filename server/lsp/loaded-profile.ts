import { checkBudgets } from '../profile/budgets';
import { doubtsOf } from '../profile/doubts';
import type { FileNotes, Finding, LineNote, Profile, ProfileSummary } from '../protocol';
import type { ComparedLine, Comparison } from '../protocol-comparison';
import { comparedNotes } from './compared-notes';
import { functionCosts, type FunctionCosts } from './code-lens';
import type { CostKind } from './line-costs';
import { lineNotes } from './notes';
import { indexProfile, type ProfileIndex } from './profile-index';
import type { SourceFiles } from './source-files';
import type { ServerText } from './text';
import { translatedFindings, translatedLost } from './translated';

/** A profile with everything that requests ask of it, worked out beforehand. */
export interface LoadedProfile {
  readonly title: string;
  /** The file that it was opened from; null: a run of this session. */
  readonly path: string | null;
  readonly live: boolean;
  readonly index: ProfileIndex;
  readonly sources: SourceFiles;
  readonly minimumNs: number;
  /** In the language of the user. */
  readonly text: ServerText;
  /** With a profile from before; null: it is shown on its own. */
  readonly compared: ComparedWith | null;
  /** Those of the profile, and at the end also the broken budgets. */
  readonly findings: readonly Finding[];
  /** By file key; only files whose text as profiled is known. */
  readonly notes: ReadonlyMap<string, readonly LineNote[]>;
  readonly functions: ReadonlyMap<string, readonly FunctionCosts[]>;
}

export interface ComparedWith {
  readonly title: string;
  readonly comparison: Comparison;
}

/** @param sources Has learned the files of the profile. */
export function loadProfile(
  profile: Profile,
  sources: SourceFiles,
  options: Pick<LoadedProfile, 'title' | 'path' | 'live' | 'minimumNs' | 'text'>,
): LoadedProfile {
  const index = indexProfile(profile, (file) => sources.keyOf(file));
  return {
    ...options,
    index,
    sources,
    compared: null,
    // A budget is judged when the run is over.
    findings: options.live ? profile.findings : withBudgets(index, sources),
    ...worked({ index, sources, ...options }, null),
  };
}

function withBudgets(index: ProfileIndex, sources: SourceFiles): readonly Finding[] {
  const { findings } = index.profile;
  const known = new Set(findings.map((finding) => JSON.stringify([finding.rule, finding.where])));
  const doubts = doubtsOf(index.profile);
  const broken = [...index.costsByFile].flatMap(([key, costs]) => {
    const budgets = sources.sourceOf(key)?.budgets.budgets ?? [];
    const file = costs[0]?.rows[0]?.file ?? key;
    return checkBudgets(file, budgets, index.profile.lines, doubts);
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
  return { ...loaded, minimumNs, ...worked({ ...loaded, minimumNs }, loaded.compared) };
}

/** The same profile beside one from before, or on its own. */
export function withComparison(
  loaded: LoadedProfile,
  compared: ComparedWith | null,
): LoadedProfile {
  return { ...loaded, compared, ...worked(loaded, compared) };
}

function worked(
  {
    index,
    sources,
    minimumNs,
    text,
  }: Pick<LoadedProfile, 'index' | 'sources' | 'minimumNs' | 'text'>,
  compared: ComparedWith | null,
): Pick<LoadedProfile, 'notes' | 'functions'> {
  const limits = wholeProgram(index.profile);
  const notes = new Map<string, readonly LineNote[]>();
  const functions = new Map<string, readonly FunctionCosts[]>();
  for (const [key, costs] of index.costsByFile) {
    const source = sources.sourceOf(key);
    if (!source) continue;
    // A line that the text does not have comes from code that was made up at run time.
    const inText = costs.filter(({ line }) => line <= source.lineHashes.length);
    notes.set(key, lineNotes(inText, index.largestNs, minimumNs, text));
    functions.set(key, functionCosts(inText, source.definitions, limits));
  }
  if (compared !== null) {
    for (const [key, lines] of linesByFile(compared.comparison, sources)) {
      const count = sources.sourceOf(key)?.lineHashes.length ?? 0;
      const inText = lines.filter(({ after }) => after !== null && after.line <= count);
      notes.set(key, comparedNotes(inText, index.largestNs, minimumNs, text));
    }
  }
  return { notes, functions };
}

/** By file key: the lines that the later run has, or would have. */
function linesByFile(
  { lines }: Comparison,
  sources: SourceFiles,
): ReadonlyMap<string, readonly ComparedLine[]> {
  const byFile = new Map<string, ComparedLine[]>();
  for (const line of lines) {
    if (line.after === null) continue;
    const key = sources.keyOf(line.after.file);
    const found = byFile.get(key);
    if (found) found.push(line);
    else byFile.set(key, [line]);
  }
  return byFile;
}

function wholeProgram(profile: Profile): Record<CostKind, number> {
  const sum = (pick: (row: Profile['gils'][number]) => number): number =>
    profile.gils.reduce((total, row) => total + pick(row), 0);
  const waitNs = sum((row) => row.waitNs);
  const lockSum = (pick: (row: Profile['locks'][number]) => number): number =>
    profile.locks.reduce((total, row) => total + pick(row), 0);
  const lockWaitNs = lockSum((row) => row.waitNs);
  return {
    ...{ hold: sum((row) => row.holdNs), wait: waitNs, blocks: waitNs },
    ...{ lockWait: lockWaitNs, lockHold: lockSum((row) => row.holdNs), lockBlocks: lockWaitNs },
  };
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
  const { title, path, live, sources, notes, compared, text } = loaded;
  return {
    title,
    path,
    live,
    wallNs: profile.wallNs,
    exit: profile.exit,
    files: sources.known().filter((file) => (notes.get(sources.keyOf(file))?.length ?? 0) > 0),
    findings: translatedFindings(loaded.findings, text),
    lost: translatedLost(profile.lost, text),
    comparedWith: compared?.title ?? null,
  };
}
