/**
 * The profile's types, and the messages between the language server and its client. With the other protocol-*.ts all
 * that server, client and chart share. Times are integers in nanoseconds; absolute ones are on the monotonic clock from
 * the start of the run.
 */
import type { AwaitRow, ExecutorRow } from './protocol-awaits';

export const PROTOCOL_VERSION = 1;

// ── The profile (the published JSON) ────────────────────────────────────────────────────────────────────────────

export interface Profile {
  readonly format: 'gilscope-profile';
  readonly version: 1;
  readonly command: readonly string[];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly wallNs: number;
  readonly exit: ExitStatus;
  readonly lost: Lost;
  readonly overhead: Overhead;
  readonly parallelism: Parallelism;
  readonly serialisation: Serialisation;
  readonly awaits: readonly AwaitRow[];
  readonly executors: readonly ExecutorRow[];
  readonly processes: readonly ProcessRow[];
  readonly gils: readonly GilRow[];
  readonly threads: readonly ThreadRow[];
  readonly lines: readonly LineRow[];
  readonly blame: readonly BlameRow[];
  readonly locks: readonly LockRow[];
  readonly findings: readonly Finding[];
}

/** Both null while the process runs, or where its end was not seen. */
export interface ExitStatus {
  readonly code: number | null;
  /** Name of the signal that killed it, `SIGKILL`. */
  readonly signal: string | null;
}

export interface Lost {
  /** Events that are only in totals, or in nothing. */
  readonly events: number;
  readonly samples: number;
  /** Of the events: in no number at all. */
  readonly missing: number;
  /** Processes of which nothing is in the profile: they could not be recorded, or their traces not read. */
  readonly processes: number;
  readonly causes: readonly LostCause[];
  /** For a person: why, and what it means for the numbers. */
  readonly reason: string | null;
}

export type LostCause =
  | 'bounded'
  | 'diskFull'
  | 'gilTableFull'
  | 'stackTableFull'
  | 'noRoom'
  | 'aggregateTableFull'
  | 'lockTableFull'
  | 'threadTableFull'
  | 'stackCut'
  | 'notReached';

/** What the measuring cost, measured in this run. */
export interface Overhead {
  readonly cycleNs: number;
  readonly samplerCpuNs: number;
}

/**
 * Of all threads together, holding a GIL or in native code without it: over wallNs, how many were on a CPU. Of processes
 * without a GIL only the imports that take one are known.
 */
export interface Parallelism {
  readonly onCpuNs: number;
  readonly underGilNs: number;
  /**
   * CPU time of the processes by the system's own count, GILscope's threads left out: also of threads that Python does
   * not know. Null where a process did not say it.
   */
  readonly systemCpuNs: number | null;
}

/** Cost of moving objects between processes by the standard library; pickling by samples: short ones may be missing. */
export interface Serialisation {
  readonly pickleNs: number;
  readonly pipeNs: number;
}

export interface ProcessRow {
  readonly pid: number;
  readonly parentPid: number;
  readonly argv: readonly string[];
  readonly python: string;
  readonly executable: string;
  readonly host: 'embedded' | 'preloaded' | 'attached';
  readonly gilEnabled: boolean;
  /** `unrecognised`: its events cannot be trusted; `notSeen`: nothing was measured; `none`: free-threaded, without one. */
  readonly gil: 'recorded' | 'notSeen' | 'unrecognised' | 'none';
  readonly startNs: number;
  readonly endNs: number;
  readonly exit: ExitStatus;
  /** It went on when the program had ended. */
  readonly running: boolean;
  /** Nobody learnt how it ended, but Stop had sent it this signal, its strongest. */
  readonly stoppedBy: string | null;
  /** It became another program (exec): if Python, a later row of the same pid. */
  readonly replaced: boolean;
  /** Children that ended and have no row: no Python ran in them, or one that was not recorded. 0 while the program runs. */
  readonly otherChildren: number;
  /** `recorded`, or why there are no lines. */
  readonly frames: 'recorded' | 'unknownVersion' | 'selfTestFailed' | 'notYet';
  /** What it started is not recorded: as asked, or since it cannot be followed. */
  readonly childrenLeftOut: boolean;
  /** Its trace is damaged or was cut: there may be more that is missing than could be counted. */
  readonly damaged: boolean;
  /** False: it ended before the rate of its clock was known, so that all its times are wrong by one factor. */
  readonly clockKnown: boolean;
  /** What the reader of the numbers must know: warnings of the probe. */
  readonly messages: readonly string[];
}

export interface GilRow {
  /** `PID/INTERPRETER`. */
  readonly id: string;
  readonly pid: number;
  readonly interpreter: number;
  readonly switchIntervalNs: number;
  readonly holdNs: number;
  readonly waitNs: number;
  readonly handoffNs: number;
  /** Waits of which the holder is not known, because the trace was at its bound. */
  readonly unattributedNs: number;
  /** Acquisitions by another thread than the holder before. */
  readonly switches: number;
  readonly forcedReleases: number;
}

export interface ThreadRow {
  readonly pid: number;
  readonly tid: number;
  readonly name: string;
  readonly gil: string;
  readonly startNs: number;
  readonly endNs: number;
  readonly holdNs: number;
  readonly waitNs: number;
  readonly offNs: number;
  readonly lockWaitNs: number;
  readonly nativeNs: number;
  readonly blocksNs: number;
  readonly acquires: number;
  readonly contended: number;
  readonly forcedReleases: number;
  readonly maxHoldNs: number;
  readonly maxWaitNs: number;
}

export interface SelfTotal {
  readonly selfNs: number;
  readonly totalNs: number;
}

/** A place in the code; line 0 where only the file or nothing is known. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly function: string;
}

export interface LineRow extends Place {
  readonly hold: SelfTotal;
  readonly wait: SelfTotal;
  readonly blocks: SelfTotal;
  readonly off: SelfTotal;
  /** Of off: on a CPU without the GIL; the rest was blocked, or is not known. */
  readonly native: SelfTotal;
  readonly lockWait: SelfTotal;
  readonly lockHold: SelfTotal;
  readonly lockBlocks: SelfTotal;
  readonly acquires: number;
  readonly contended: number;
  readonly forcedReleases: number;
  readonly maxHoldNs: number;
  readonly maxWaitNs: number;
  /** Samples on which the split of long holds over lines rests. */
  readonly samples: number;
  /** How rough that makes this line's part, by theory: its relative standard error, 1/√samples. Null without samples. */
  readonly samplingError: number | null;
  /** The same of the line with what it calls. */
  readonly totalSamples: number;
  readonly totalSamplingError: number | null;
  /** Only of the line with the largest blocks: the user's line that led there in most of that time, if it is a library's. */
  readonly calledFrom?: Place;
}

export interface BlameRow {
  /** `GilRow.id` or `LockRow.id`. Of a lock, the places are the nearest lines that are not of Python's own library. */
  readonly lock: string;
  readonly waiter: Place;
  /** Null: hand-off, nobody held it. */
  readonly holder: Place | null;
  readonly ns: number;
  readonly count: number;
  readonly maxNs: number;
}

/** A line that had to do with a lock: the nearest that is not of Python's own library. */
export interface LockSite extends Place {
  readonly waitNs: number;
  readonly holdNs: number;
  /** Others waited for the lock while this line had it, or had the GIL that the lock's holder waited for. */
  readonly blocksNs: number;
  /** Of acquisitions that were recorded each, and of sampled ones what they stand for. */
  readonly acquires: number;
  /** Waits for work, which are no contention. */
  readonly workNs: number;
}

/** A lock; or `instances` of one kind and place that nobody waited for; or all waits for work of one kind. */
export interface LockRow {
  /** Differs from every `GilRow.id`. */
  readonly id: string;
  readonly pid: number;
  /** `Lock`, `Condition`, `Queue`, `SimpleQueue`, `join`, `import`; `dict` for the lock inside a dict, … */
  readonly kind: string;
  /** The variable or attribute that it was assigned to. */
  readonly name: string | null;
  /** File '' where it is not known. */
  readonly createdAt: { readonly file: string; readonly line: number };
  /** The part of Python's own library that made it for itself, `logging`: shown folded. Null: the program's own. */
  readonly library: string | null;
  readonly instances: number;
  readonly acquires: number;
  readonly contended: number;
  /** Contention only. */
  readonly waitNs: number;
  /** Exact where anybody could have waited; parts of it: estimated from samples; on no line (the trace was bounded). */
  readonly holdNs: number;
  readonly estimatedHoldNs: number;
  readonly unattributedHoldNs: number;
  readonly maxWaitNs: number;
  readonly maxHoldNs: number;
  /** Parts of `waitNs`: nobody held it; the holder waited for the GIL, or for another lock; the holder is not known. */
  readonly handoffNs: number;
  readonly throughGilNs: number;
  readonly throughLockNs: number;
  readonly unattributedNs: number;
  /** Waits that only spun and did not sleep (free-threaded builds); part of `waitNs`. */
  readonly spinNs: number;
  readonly spins: number;
  /** Waits for work: for a condition, an event, an item of a queue, the end of a thread. */
  readonly workNs: number;
  readonly works: number;
  readonly maxWorkNs: number;
  readonly sites: readonly LockSite[];
}

export type FindingRule =
  | 'convoy'
  | 'gil-hog'
  | 'native-holds-gil'
  | 'gil-not-the-problem'
  | 'lock-convoy'
  | 'large-critical-section'
  | 'lock-across-await'
  | 'lock-across-blocking-call'
  | 'lock-order-inversion'
  | 'deadlock'
  | 'no-gil'
  | 'gil-switched-on'
  | 'object-contention'
  | 'stop-the-world'
  | 'loop-blocked'
  | 'budget-broken'
  | 'invariant-broken';

export interface Finding {
  readonly rule: FindingRule;
  readonly severity: 'information' | 'warning' | 'error';
  /** Null: about the whole program. */
  readonly where: { readonly file: string; readonly line: number } | null;
  /** What happens, and what one can do about it. */
  readonly message: string;
  readonly evidence: Readonly<Record<string, number | string>>;
}

// ── Language server: requests and notifications beside those of LSP ─────────────────────────────────────────────

/** What the editor shows on one line; the server computes, the client draws. */
export interface LineNote {
  /** 1-based. */
  readonly line: number;
  /** At most 43 characters: `hold 1.24 s · wait 310 ms · blocks 2.1 s`. */
  readonly text: string;
  /** 0 … 1, of the line's largest cost among the lines of the profile. */
  readonly heat: number;
  /** The largest cost. */
  readonly kind: 'hold' | 'wait' | 'blocks' | 'lockWait' | 'lockHold' | 'lockBlocks';
  readonly holdNs: number;
  readonly waitNs: number;
  readonly blocksNs: number;
  readonly lockWaitNs: number;
  /** 0 where nobody waited for it. */
  readonly lockHoldNs: number;
  readonly lockBlocksNs: number;
}

export interface FileNotes {
  readonly uri: string;
  /** The text of the file as profiled; a changed line has lost its number. SHA-256 hex of each line, trimmed at its end. */
  readonly lineHashes: readonly string[];
  readonly notes: readonly LineNote[];
}

export interface HoverText {
  /** Markdown, without links to commands. */
  readonly markdown: string;
}

/** Request and notification names. C→S: from client to server. */
export const METHOD = {
  /** C→S request: RunParams → RunResult. */
  run: 'gilscope/run',
  /** C→S notification `{ runId, code, signal }`: the client's terminal saw the program end. */
  programEnded: 'gilscope/programEnded',
  /** C→S request `{ runId | null }` → `{ stopped: boolean }`: stops the run (null: the current one), keeps what was measured. */
  stop: 'gilscope/stop',
  /** C→S request: `{}` → null. Forgets the current profile. */
  clear: 'gilscope/clear',
  /** C→S request `{ path }` → ProfileSummary. */
  openProfile: 'gilscope/openProfile',
  /** C→S request `{ path }` → null. Writes the current profile as *.gilscope, *.json or *.html by the ending. */
  saveProfile: 'gilscope/saveProfile',
  /** C→S request: ExportParams → ExportResult. Writes the current profile for another tool. */
  exportProfile: 'gilscope/exportProfile',
  /** C→S request: CompareParams → Comparison | null. */
  compare: 'gilscope/compare',
  /** C→S request `{}` → `{ text }`: the text report. */
  report: 'gilscope/report',
  /** C→S request `{ uri }` → FileNotes | null. */
  fileNotes: 'gilscope/fileNotes',
  /** C→S request `{ uri, line }` (1-based) → HoverText | null. */
  lineHover: 'gilscope/lineHover',
  /** S→C notification: RunStatus. */
  status: 'gilscope/status',
  /** S→C notification `{ runId, stream: 'stdout' | 'stderr', text }`. */
  output: 'gilscope/output',
  /** S→C notification: ProfileSummary | null. The profile changed (live, finished, opened, cleared). */
  profileChanged: 'gilscope/profileChanged',
  /** C→S requests of the chart: ChartRequest → ChartResponse. */
  chart: 'gilscope/chart',
} as const;

export interface ProfileSummary {
  readonly title: string;
  /** The file that it was opened from; null: a run of this session. */
  readonly path: string | null;
  readonly live: boolean;
  readonly wallNs: number;
  readonly exit: ExitStatus;
  /** Files on this disk that have notes. */
  readonly files: readonly string[];
  readonly findings: readonly Finding[];
  readonly lost: Lost;
  /** Title of the profile from before that it is compared with. */
  readonly comparedWith: string | null;
}
