import {
  TILE_BINS,
  TILE_LANES,
  TILE_STATE_BYTES,
  type ChartRequest,
  type ChartResponse,
} from '../protocol-chart';

/** The chart of no profile. */
export function noChart(request: ChartRequest): ChartResponse {
  switch (request.kind) {
    case 'meta':
      return { kind: 'meta', meta: null };
    case 'tile': {
      const bytes = Buffer.alloc(TILE_STATE_BYTES + TILE_BINS * TILE_LANES);
      return { kind: 'tile', revision: 0, base64: bytes.toString('base64') };
    }
    case 'segment':
    case 'longWait':
      return { kind: 'segment', segment: null };
    case 'marks':
      return { kind: 'marks', marks: { bins: request.bins, lanes: [] } };
    case 'comparison':
      return { kind: 'comparison', view: null };
    case 'analysis':
      return { kind: 'analysis', answer: null };
  }
}
