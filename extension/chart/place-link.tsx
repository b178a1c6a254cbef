import type { JSX } from 'preact';
import { formatPlace } from './format';
import type { Translate } from './strings';

export interface Opener {
  /** Null where files cannot be opened. */
  readonly open: ((file: string, line: number) => void) | null;
}

interface PlaceLinkProps extends Opener {
  readonly t: Translate;
  readonly file: string;
  readonly line: number;
}

/** `main.py:12`, which opens the line where there is one. */
export function PlaceLink({ t, file, line, open }: PlaceLinkProps): JSX.Element {
  const text = formatPlace({ file, line });
  const path = line > 0 ? `${file}:${line}` : file;
  if (open === null || line <= 0 || file.startsWith('<')) {
    return (
      <span class="place" title={path}>
        {text.startsWith('<frozen ') ? <CutInMiddle text={text} /> : text}
      </span>
    );
  }
  return (
    <button
      type="button"
      class="link"
      title={t('goto.open', path)}
      onClick={() => open(file, line)}
    >
      {text}
    </button>
  );
}

/** Letters at the end of a name that stay: the line, and what tells modules of one package apart. */
const TAIL = 10;

/** A long name that keeps its line where there is no room for all of it. */
function CutInMiddle({ text }: { readonly text: string }): JSX.Element {
  return (
    <span class="cut">
      <span>{text.slice(0, -TAIL)}</span>
      <span>{text.slice(-TAIL)}</span>
    </span>
  );
}
