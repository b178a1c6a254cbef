import type { Event } from 'vscode';
import type { FileNotes, METHOD, ProfileSummary } from '../server/protocol';
import type { ChartRequest, ChartResponse } from '../server/protocol-chart';
import type { RunParams, RunResult } from '../server/protocol-run';
import type { CompareParams, Comparison } from '../server/protocol-comparison';
import type { ExportParams, ExportResult } from '../server/protocol-export';

/** The requests of server/protocol.ts that this client makes: parameters and result of each. */
export interface ServerRequests {
  readonly [METHOD.run]: { params: RunParams; result: RunResult };
  readonly [METHOD.stop]: { params: { runId: string | null }; result: { stopped: boolean } };
  readonly [METHOD.clear]: { params: Record<string, never>; result: null };
  readonly [METHOD.openProfile]: { params: { path: string }; result: ProfileSummary };
  readonly [METHOD.saveProfile]: { params: { path: string }; result: null };
  readonly [METHOD.exportProfile]: { params: ExportParams; result: ExportResult };
  readonly [METHOD.compare]: { params: CompareParams; result: Comparison | null };
  readonly [METHOD.report]: { params: Record<string, never>; result: { text: string } };
  readonly [METHOD.fileNotes]: { params: { uri: string }; result: FileNotes | null };
  readonly [METHOD.chart]: { params: ChartRequest; result: ChartResponse };
}

/** The server as the views see it: its requests, and the current profile. */
export interface ProfileServer extends Requester {
  readonly profile: ProfileSummary | null;
  readonly onProfileChanged: Event<ProfileSummary | null>;
}

/** Sends requests of this client to the server, which it starts when needed. */
export interface Requester {
  request<M extends keyof ServerRequests>(
    method: M,
    params: ServerRequests[M]['params'],
  ): Promise<ServerRequests[M]['result']>;
}
