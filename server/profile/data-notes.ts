import type { Profile } from '../protocol';

/** What is not in the numbers of a profile, whatever they are exported to, as the report says it; empty: nothing. */
export function dataNotes({ lost, processes }: Profile): string[] {
  return [
    ...new Set([
      ...(lost.reason === null ? [] : [lost.reason]),
      ...processes.flatMap(({ messages }) => messages),
    ]),
  ];
}
