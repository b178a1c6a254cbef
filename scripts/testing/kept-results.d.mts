export function fingerprint(files: readonly string[]): string;

interface Interpreter {
  readonly version: string;
  readonly linkage: string;
}

export class KeptResults {
  readonly folder: string;
  constructor(name: string, mark: string);
  load(python: Interpreter): Record<string, unknown>;
  save(python: Interpreter, values: Record<string, unknown>): void;
  forget(): void;
}
