/** What an interpreter says of itself. */
export interface InterpreterFacts {
  readonly implementation: string;
  /** `3.12.1`. */
  readonly version: string;
  readonly hexVersion: number;
  /** `sys.executable`: of a shim, the real one; of a virtual environment, its own. */
  readonly executable: string;
  readonly freeThreaded: boolean;
  readonly bits: number;
  /** The environment's folder: that of `pyvenv.cfg`, else `sys.prefix`. */
  readonly prefix: string;
  readonly basePrefix: string;
  /** Where the runtime itself is mapped from: the libpython, or the executable; null where the system does not tell. */
  readonly runtimeFile: string | null;
  /** The running executable, symbolic links resolved. */
  readonly executableFile: string | null;
  readonly libc: 'glibc' | 'musl' | 'none' | 'unknown';
}

/**
 * Runs on anything from Python 2.7, so that an old one is named as such. The file that holds the runtime is the one
 * from which the `int` type is mapped: true of the running process, whatever build variables claim.
 */
export const FACTS_SCRIPT = `
import json, os, sys

def maps():
    try:
        with open('/proc/self/maps', 'rb') as f:
            return [line.decode('utf-8', 'replace').split(None, 5) for line in f]
    except (IOError, OSError):
        return []

def file_at(address, table):
    for row in table:
        low, high = (int(part, 16) for part in row[0].split('-'))
        if low <= address < high:
            return row[5].rstrip('\\n') if len(row) > 5 else None
    return None

def libc(table):
    names = set(os.path.basename(row[5].strip()) for row in table if len(row) > 5)
    if not names:
        return 'unknown'
    if any(name == 'libc.so.6' or name.startswith('libc-2.') for name in names):
        return 'glibc'
    if any('musl' in name for name in names):
        return 'musl'
    return 'none'

def facts():
    implementation = getattr(getattr(sys, 'implementation', None), 'name', 'unknown')
    if implementation == 'unknown':
        implementation = 'pypy' if hasattr(sys, 'pypy_version_info') else 'cpython'
    table = maps() if implementation == 'cpython' else []
    prefix = sys.prefix
    above = os.path.dirname(os.path.dirname(sys.executable or ''))
    if above and os.path.exists(os.path.join(above, 'pyvenv.cfg')):
        prefix = above
    try:
        exe = os.readlink('/proc/self/exe')
    except (AttributeError, OSError):
        exe = None
    return {
        'gilscope': 1,
        'implementation': implementation,
        'version': '.'.join(str(part) for part in sys.version_info[:3]),
        'hexVersion': sys.hexversion,
        'executable': sys.executable or '',
        'freeThreaded': 't' in getattr(sys, 'abiflags', ''),
        'bits': 64 if sys.maxsize > 2 ** 32 else 32,
        'prefix': prefix,
        'basePrefix': getattr(sys, 'base_prefix', sys.prefix),
        'runtimeFile': file_at(id(int), table),
        'executableFile': exe,
        'libc': libc(table),
    }

print(json.dumps(facts()))
`;

/** Reads the answer of {@link FACTS_SCRIPT}: the last line of its output. Undefined where that is something else. */
export function parseFacts(stdout: string): InterpreterFacts | undefined {
  let value: unknown;
  try {
    value = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  } catch {
    return undefined;
  }
  return isFacts(value) ? value : undefined;
}

const FIELD_TYPES = {
  implementation: ['string'],
  version: ['string'],
  hexVersion: ['number'],
  executable: ['string'],
  freeThreaded: ['boolean'],
  bits: ['number'],
  prefix: ['string'],
  basePrefix: ['string'],
  runtimeFile: ['string', 'null'],
  executableFile: ['string', 'null'],
  libc: ['string'],
} as const satisfies Record<keyof InterpreterFacts, readonly string[]>;

function isFacts(value: unknown): value is InterpreterFacts {
  if (typeof value !== 'object' || value === null) return false;
  const row = value as Record<string, unknown>;
  return (
    row['gilscope'] === 1 &&
    Object.entries(FIELD_TYPES).every(([name, types]: [string, readonly string[]]) =>
      types.includes(row[name] === null ? 'null' : typeof row[name]),
    )
  );
}
