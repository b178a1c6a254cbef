/** Field numbers of Perfetto's trace format, of the messages that the export writes. */
export const TRACE = { packet: 1 } as const;

export const PACKET = {
  timestamp: 8,
  sequenceId: 10,
  trackEvent: 11,
  internedData: 12,
  sequenceFlags: 13,
  trackDescriptor: 60,
} as const;

/** Bits of `PACKET.sequenceFlags`. */
export const SEQUENCE_FLAG = { stateCleared: 1, needsState: 2 } as const;

export const TRACK = {
  uuid: 1,
  name: 2,
  process: 3,
  thread: 4,
  parentUuid: 5,
  counter: 8,
} as const;

export const PROCESS = { pid: 1, commandLine: 2, name: 6 } as const;
export const THREAD = { pid: 1, tid: 2, name: 5 } as const;
export const COUNTER = { unitName: 6 } as const;

export const EVENT = {
  categoryIds: 3,
  annotations: 4,
  type: 9,
  nameId: 10,
  trackUuid: 11,
  category: 22,
  name: 23,
  sourceLocationId: 34,
  doubleValue: 44,
  flowIds: 47,
  terminatingFlowIds: 48,
} as const;

export const EVENT_TYPE = { begin: 1, end: 2, instant: 3, counter: 4 } as const;

export const INTERNED = { categories: 1, names: 2, sourceLocations: 4 } as const;
export const NAMED = { id: 1, name: 2 } as const;
export const SOURCE_LOCATION = { id: 1, file: 2, function: 3, line: 4 } as const;
export const ANNOTATION = { text: 6, uint: 3, name: 10 } as const;
