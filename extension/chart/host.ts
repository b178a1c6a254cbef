import type { AnalysisAnswer, AnalysisQuestion } from '../../server/protocol-analysis';
import type { FromChart, ToChart } from '../../server/protocol-webview';
import type { LaneOrder } from './rows';

/** What the chart keeps across a hidden tab and a window reload. Small: it is encoded at every change. */
export interface SavedState {
  readonly t0: number;
  readonly t1: number;
  /** Length of the run at that time: a view of the whole of it stays one when it has grown. */
  readonly wallNs: number;
  /** Scroll position of the lanes, in rows. */
  readonly top: number;
  readonly cursor: { readonly lane: number; readonly atNs: number } | null;
  readonly tab: string;
  /** Share of the height that the timeline takes. */
  readonly split: number;
  readonly filter: string;
  readonly order: LaneOrder;
  /** Whether the curves above the lanes are shown. */
  readonly curves: boolean;
  /** The profile from before whose comparison has been shown. */
  readonly compared: string | null;
}

/** Whoever shows the chart: the webview of VS Code, or the self-contained page. */
export interface Host {
  post(message: FromChart): void;
  /** Hands over what has come already, the profile first of all, and all that comes. */
  listen(receive: (message: ToChart) => void): void;
  /** An answer that is here already: before printing there is no time to wait. */
  known(question: AnalysisQuestion): AnalysisAnswer | null;
  load(): Partial<SavedState>;
  save(state: SavedState): void;
  /** Finest level of tiles that this host has. */
  readonly levelMax: number;
  /** A page of its own, which cannot open source files but may be printed. */
  readonly standalone: boolean;
}
