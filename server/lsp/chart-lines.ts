import type { ChartRequest, ChartResponse, MarksRequest } from '../protocol-chart';
import { keyOfPath, profiledLine } from './document-views';
import { pathOfUri } from './file-paths';
import { noChart } from './no-chart';
import { costsAt, type ProfileIndex } from './profile-index';
import type { ServerState } from './server-state';

/** A line of a file: as an editor has it, or as the profile does. */
type FileLine = Pick<MarksRequest, 'file' | 'line'>;

/**
 * Answers the chart. What it asks about a line is asked from an editor: the path is the one under which the file is open
 * there, and the line is counted in the text as it is now.
 */
export async function answerChart(
  state: ServerState,
  request: ChartRequest,
): Promise<ChartResponse> {
  if (request.kind === 'marks') {
    const place = asProfiled(state, request);
    return place ? state.profile.chart({ ...request, ...place }) : noChart(request);
  }
  if (request.kind === 'analysis' && request.question.kind === 'longestAt') {
    const place = asProfiled(state, request.question);
    if (!place) return { kind: 'analysis', answer: { kind: 'longestAt', segment: null } };
    return state.profile.chart({ kind: 'analysis', question: { kind: 'longestAt', ...place } });
  }
  return state.profile.chart(request);
}

/** Null: the line was changed, or is new. Where nobody knows the text as profiled, the line as it stands. */
function asProfiled({ profile, views }: ServerState, { file, line }: FileLine): FileLine | null {
  const { loaded } = profile;
  if (!loaded) return { file, line };
  const key = keyOfPath(file);
  const open = views.all().filter((view) => view.key === key && view.lineMap.length > 0);
  const view = open.find(({ uri }) => pathOfUri(uri) === file) ?? open[0];
  const profiled = view ? profiledLine(view, line - 1) + 1 : line;
  return profiled > 0 ? { file: nameOf(loaded.index, key, file, profiled), line: profiled } : null;
}

/** The name by which the profile has a file: one file may have several. */
function nameOf(index: ProfileIndex, key: string, file: string, line: number): string {
  const costs = costsAt(index, key, line) ?? index.costsByFile.get(key)?.[0];
  const names = costs?.rows.map((row) => row.file) ?? [];
  return names.includes(file) ? file : (names[0] ?? file);
}
