/** What was otherwise in version 1 of the trace file: threads' entries had a longer name, and nothing about locks. */

/** The oldest version that is still read. */
export const OLDEST_TRACE_VERSION = 1;

/** Byte offsets in an entry of a thread, where they differ. */
export const THREAD_V1 = { name: 112 } as const;
export const THREAD_V1_NAME_BYTES = 144;
