import * as format from '../../server/trace/format';

/** The constants of the trace's format, for scripts. */
export const traceFormat = format;
