import { CYCLE_BYTES_MAX } from './cycle-decoder';
import { CHUNK_BYTES } from './format';

/** Room for one chunk, shared by all readers of a run; nothing in it outlives a call. */
export class ChunkBuffer {
  readonly bytes = new Uint8Array(CHUNK_BYTES + CYCLE_BYTES_MAX);
  readonly view = new DataView(this.bytes.buffer);
}
