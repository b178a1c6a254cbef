import { createHash } from 'node:crypto';
import type { LineState } from './line-tracking';

/** A line as the server hashes it: SHA-256 in hex of its text without blanks at the end. */
export function lineState(text: string): LineState {
  const trimmed = text.trimEnd();
  return { hash: createHash('sha256').update(trimmed).digest('hex'), length: trimmed.length };
}
