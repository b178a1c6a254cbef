/** An interpreter on this machine. */
export interface FoundPython {
  readonly path: string;
  /** `3.12.1` */
  readonly version: string;
  /** `3.12` */
  readonly minor: string;
  readonly linkage: 'shared' | 'static';
  readonly freeThreaded: boolean;
}

export const supportedMinors: readonly string[];
export const pythonCache: string;
export function findPythons(): FoundPython[];
export function testPythons(found?: readonly FoundPython[]): FoundPython[];
export function missingPythons(found?: readonly FoundPython[]): string[];
export function printPythons(): void;
