/** What the extension host and the chart's webview tell each other: part of protocol.ts, apart for its length. */
import type { ChartMeta, LongWaitRequest, Marks, Segment, SegmentRequest } from './protocol-chart';
import type { AnalysisAnswer, AnalysisQuestion } from './protocol-analysis';
import type { ComparisonView } from './protocol-comparison';

/** Extension host → webview. Bytes are fresh Uint8Arrays, never Buffers or subarrays. */
export type ToChart =
  | { readonly type: 'meta'; readonly meta: ChartMeta | null }
  | {
      readonly type: 'tile';
      readonly revision: number;
      readonly level: number;
      readonly index: number;
      readonly page: number;
      readonly data: Uint8Array;
    }
  | { readonly type: 'segment'; readonly requestId: number; readonly segment: Segment | null }
  | { readonly type: 'marks'; readonly marks: Marks; readonly file: string; readonly line: number }
  | {
      readonly type: 'analysis';
      readonly requestId: number;
      readonly answer: AnalysisAnswer | null;
    }
  /** The profile from before beside this one; null: nothing is compared. */
  | { readonly type: 'comparison'; readonly view: ComparisonView | null }
  /** Go to what is longest at this line. */
  | { readonly type: 'showLine'; readonly file: string; readonly line: number }
  /** The only profile that it shows; where `meta` is null another one is the current one. */
  | { readonly type: 'file'; readonly name: string }
  | { readonly type: 'strings'; readonly strings: Readonly<Record<string, string>> };

/** Webview → extension host. */
export type FromChart =
  | { readonly type: 'ready' }
  /** The picture is there: now all of the profile, where only its outline has come. */
  | { readonly type: 'tables' }
  | { readonly type: 'tile'; readonly level: number; readonly index: number; readonly page: number }
  | {
      readonly type: 'segment';
      readonly requestId: number;
      readonly request: SegmentRequest | LongWaitRequest;
    }
  | { readonly type: 'analysis'; readonly requestId: number; readonly question: AnalysisQuestion }
  /** Make the profile of `file` the current one. */
  | { readonly type: 'show' }
  /** Open this place; the host checks that the current profile names it. */
  | { readonly type: 'goto'; readonly file: string; readonly line: number };
