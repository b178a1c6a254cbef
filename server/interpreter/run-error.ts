import { RUN_ERROR } from '../protocol-run';

export type RunErrorKind = keyof typeof RUN_ERROR;

/** Why a program could not be started, in words for the user: what failed, on what, what to do next. */
export class RunError extends Error {
  override readonly name = 'RunError';
  readonly kind: RunErrorKind;

  constructor(kind: RunErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }

  /** The code that goes over the protocol. */
  get code(): (typeof RUN_ERROR)[RunErrorKind] {
    return RUN_ERROR[this.kind];
  }
}

/** The `code` of a system error (`ENOENT`), or ''. */
export function errnoOf(error: unknown): string {
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    return error.code;
  }
  return '';
}

/** The words of an error, without its stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
