/** Places as the report shows them: short where that is safe. */
export interface PlaceNames {
  /**
   * `app.py:12`, relative to the report's folder where it lies in there, `…/json/encoder.py:50` in a library; only the
   * file where the line is not known.
   */
  place(place: { readonly file: string; readonly line: number }): string;
  /** A message, with the paths in it. */
  text(message: string): string;
}

export function placeNames(folder: string | null): PlaceNames {
  const separator = folder?.includes('\\') ? '\\' : '/';
  const inside =
    folder === null || folder === '' ? null : folder.replace(/[\\/]+$/, '') + separator;
  const file = (path: string): string =>
    inside !== null && path.startsWith(inside) && isOwnFile(path)
      ? path.slice(inside.length)
      : path.replace(LIBRARY, '…/');
  return {
    text: (message) => (inside === null ? message : message.replaceAll(inside, '')),
    place: (place) => {
      if (place.file === '') return '(no Python code)';
      return place.line > 0 ? `${file(place.file)}:${place.line}` : file(place.file);
    },
  };
}

const LIBRARY = /^.*[\\/](?:site-packages|dist-packages|lib[\\/]python\d[\d.]*t?|Lib)[\\/]/;

/** Whether a file is the user's own code, as far as its path tells: no library, no code without a file. */
export function isOwnFile(file: string): boolean {
  return file !== '' && !file.startsWith('<') && !LIBRARY.test(file);
}
