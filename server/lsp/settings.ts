import type { ServerSettings } from '../protocol-run';

/** For a client that says nothing: another editor than VS Code, which has inlay hints and no decorations of ours. */
export const DEFAULT_SETTINGS: ServerSettings = {
  python: '',
  pythonExtensionChoice: '',
  inlineMode: 'inlayHint',
  codeLens: false,
  minimumMicroseconds: 100,
  maxTraceMegabytes: 1024,
  sampleMicroseconds: 0,
  traceFolder: '',
};

/**
 * Settings from whatever a client sent, over those in force. What is missing, or of a wrong type, stays as it was.
 * Accepts the section itself or an object that holds it under `gilscope`, and beside the names of ServerSettings those
 * of the VS Code settings (`inline.mode`), nested as editors send them.
 */
export function settingsFrom(value: unknown, inForce: ServerSettings): ServerSettings {
  if (!isRecord(value)) return inForce;
  const given = isRecord(value['gilscope']) ? value['gilscope'] : value;
  const pick = (name: keyof ServerSettings, section?: string, key?: string): unknown => {
    const nested = section === undefined ? undefined : given[section];
    return isRecord(nested) ? nested[key ?? ''] : given[name];
  };
  return {
    python: textOr(pick('python'), inForce.python),
    pythonExtensionChoice: textOr(pick('pythonExtensionChoice'), inForce.pythonExtensionChoice),
    inlineMode: modeOr(pick('inlineMode', 'inline', 'mode'), inForce.inlineMode),
    codeLens: flagOr(pick('codeLens', 'codeLens', 'enabled'), inForce.codeLens),
    minimumMicroseconds: amountOr(
      pick('minimumMicroseconds', 'inline', 'minimumMicroseconds'),
      inForce.minimumMicroseconds,
    ),
    maxTraceMegabytes: amountOr(
      pick('maxTraceMegabytes', 'trace', 'maxMegabytes'),
      inForce.maxTraceMegabytes,
    ),
    sampleMicroseconds: amountOr(
      pick('sampleMicroseconds', 'sampling', 'periodMicroseconds'),
      inForce.sampleMicroseconds,
    ),
    traceFolder: textOr(pick('traceFolder', 'trace', 'folder'), inForce.traceFolder),
  };
}

function flagOr(value: unknown, otherwise: boolean): boolean {
  return typeof value === 'boolean' ? value : otherwise;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOr(value: unknown, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise;
}

function amountOr(value: unknown, otherwise: number): number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : otherwise;
}

function modeOr(
  value: unknown,
  otherwise: ServerSettings['inlineMode'],
): ServerSettings['inlineMode'] {
  return value === 'decoration' || value === 'inlayHint' || value === 'off' ? value : otherwise;
}
