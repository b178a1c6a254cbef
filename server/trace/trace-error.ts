/** A trace or profile that cannot be read. The message says what failed, on which file, and what to do next. */
export class TraceError extends Error {
  override readonly name = 'TraceError';

  constructor(
    /** The file or folder that was to be read. */
    readonly file: string,
    what: string,
    advice: string,
  ) {
    super(`${file}: ${what}. ${advice}`);
  }
}

/** The process was ended when it had made its trace, but not yet begun it: nothing is wrong, and nothing is there. */
export class UnbegunTrace extends TraceError {
  constructor(file: string) {
    super(
      file,
      'the process was ended before its first event could be recorded',
      'There is nothing of it to show.',
    );
  }
}

/** What the system says about a failed file operation, without its own wording of the path. */
export function systemReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = (error as NodeJS.ErrnoException).code;
  if (code === 'ENOENT') return 'no such file or folder';
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied';
  if (code === 'ENOSPC') return 'no space left on the disk';
  if (code === 'EISDIR') return 'it is a folder';
  if (code === 'EROFS') return 'the disk is read-only';
  return code ?? error.message;
}
