/** A `file:line` in the report. */
export interface ReportPlace {
  /** Offset in the text. */
  readonly start: number;
  readonly length: number;
  /** Absolute. */
  readonly file: string;
  /** 1-based. */
  readonly line: number;
}

/**
 * The places that a report names, among the files of its profile: whole, relative to one of the folders, or, in a
 * library, as the end of the path after `…`.
 */
export function reportPlaces(
  text: string,
  files: readonly string[],
  folders: readonly string[],
): ReportPlace[] {
  const fileOf = new Map<string, string>();
  for (const file of files) {
    fileOf.set(file, file);
    for (const folder of folders) {
      const rest = file.startsWith(folder) ? file.slice(folder.length) : '';
      if (/^[\\/]/.test(rest)) fileOf.set(rest.slice(1), file);
    }
  }
  // The longest first: one name may be the end of another.
  const names = [...fileOf.keys()].sort((a, b) => b.length - a.length).map(escaped);
  const named = names.length > 0 ? `(?<![\\w./\\\\-])(?<name>${names.join('|')})|` : '';
  const pattern = new RegExp(`(?:${named}…(?<end>[\\\\/][^\\s:]+)):(?<line>\\d+)(?!\\w)`, 'gu');
  return [...text.matchAll(pattern)].flatMap((match) => {
    const { name, end, line } = match.groups ?? {};
    const file = name === undefined ? files.find((f) => f.endsWith(end ?? '\0')) : fileOf.get(name);
    if (file === undefined) return [];
    return [{ start: match.index, length: match[0].length, file, line: Number(line) }];
  });
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}
