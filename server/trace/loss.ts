import type { ChunkStream } from './chunk-streams';
import { CHUNK_BYTES, CHUNK_KIND, LANES } from './format';
import type { TraceHeader } from './header';
import type { ProcessReader } from './process-reader';

/** What a trace should hold and could not be read. */
export interface Loss {
  readonly cycles: number;
  readonly samples: number;
  /** For the user: what is damaged, and what that means. */
  readonly messages: readonly string[];
}

/** A chunk holds fewer records than this: what a damaged count may claim at most. */
const RECORDS_PER_CHUNK = CHUNK_BYTES / 6;

/** Lanes may have been given to threads that could not be counted any more. */
const SPARE_LANES = 64;

/**
 * Cycles and samples of damaged streams. While a process runs, what was only written since the last read is not lost.
 *
 * @param final whether nobody writes the trace any more
 */
export function lossOf(reader: ProcessReader, header: TraceHeader, final: boolean): Loss {
  const messages: string[] = [];
  const limit = header.chunkCount * RECORDS_PER_CHUNK;
  const name = reader.source.name;
  let cycles = 0;
  reader.gils.forEach(({ stream }, gil) => {
    if (!final && stream.fault === null) return;
    const written = Math.min(reader.gilEntries[gil]?.cycles ?? 0, limit);
    const missing = Math.max(0, written - stream.cycles);
    cycles += missing;
    if (stream.fault !== null)
      messages.push(damage(`${name} is damaged`, stream.fault, missing, `cycles of GIL ${gil}`));
    else if (missing > 0)
      messages.push(damage(`${name} is incomplete`, '', missing, `cycles of GIL ${gil}`));
  });
  if (reader.lanes.fault !== null)
    messages.push(damage(`${name} is damaged`, reader.lanes.fault, 0, 'waits for locks'));
  const { fault: sampleFault, samples: readSamples } = reader.sampler;
  const unread = Math.max(0, Math.min(header.samplesTaken, limit) - readSamples);
  const samples = final || sampleFault !== null ? unread : 0;
  if (sampleFault !== null)
    messages.push(damage(`${name} is damaged`, sampleFault, samples, 'samples'));
  else if (samples > 0) messages.push(damage(`${name} is incomplete`, '', samples, 'samples'));
  for (const stream of reader.directory.all()) {
    if (final && stream.hasGap()) messages.push(`${name} is incomplete: a chunk is missing.`);
    if (final && !isOwned(stream, header))
      messages.push(`${name} is damaged: a chunk belongs to nothing that is known.`);
    if (stream.fault !== null && stream.kind === CHUNK_KIND.meta) {
      const missing = 'what follows of its command and its messages is missing';
      messages.push(`${name} is damaged (${stream.fault}): ${missing}.`);
    }
  }
  if (reader.fault !== '') messages.push(reader.fault);
  if (reader.missingChunks > 0)
    messages.push(`${name} is cut short: its last ${reader.missingChunks} chunks are missing.`);
  if (reader.directory.fault !== null)
    messages.push(`${name} is damaged: ${reader.directory.fault}.`);
  return { cycles, samples, messages: [...new Set(messages)] };
}

/** Whether there is what chunks of this kind and owner are of. */
function isOwned({ kind, owner }: ChunkStream, header: TraceHeader): boolean {
  const { gil, aggregates, locks, lane } = CHUNK_KIND;
  const kinds: readonly number[] = [gil, aggregates, locks];
  if (kind === locks && owner === LANES) return true;
  // Each thread had at most one that nobody had before.
  if (kind === lane) return owner < header.threadCount + SPARE_LANES;
  return owner < (kinds.includes(kind) ? header.gilCount : 1);
}

function damage(what: string, fault: string, missing: number, of: string): string {
  const reason = fault === '' ? '' : ` (${fault})`;
  return missing > 0
    ? `${what}${reason}: its last ${missing} ${of} are missing from the numbers.`
    : `${what}${reason}: what follows is missing from the numbers.`;
}
