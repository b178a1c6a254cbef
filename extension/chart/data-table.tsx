import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Translate } from './strings';
import { sortRows, virtualWindow, type Direction } from './virtual';

export interface Column<T> {
  readonly id: string;
  readonly label: string;
  readonly help?: string;
  /** Sort key; numbers sort from the largest at first. */
  readonly key: (row: T) => number | string;
  readonly render: (row: T) => ComponentChildren;
  /** Draws a bar behind the cell: the value it stands for, and the class of its colour. */
  readonly bar?: { readonly value: (row: T) => number; readonly className: string };
  /** Columns that take the rest of the width; the others are as wide as numbers need. */
  readonly wide?: boolean;
  /** Words rather than a number. */
  readonly text?: boolean;
}

interface DataTableProps<T> {
  readonly t: Translate;
  readonly caption: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly rowKey: (row: T) => string;
  readonly rowClass?: (row: T) => string;
  readonly sortedBy: string;
  /** Default: largest first. */
  readonly sortedFrom?: Direction;
  readonly empty: string;
}

const ROW_HEIGHT = 24;

/** A table that can be sorted by each column and keeps long lists out of the page. */
export function DataTable<T>(props: DataTableProps<T>): JSX.Element {
  const { columns, rows, rowKey, t } = props;
  const [sort, setSort] = useState<{ id: string; direction: Direction }>({
    id: props.sortedBy,
    direction: props.sortedFrom ?? 'descending',
  });
  const box = useRef<HTMLDivElement>(null);
  const [scroll, setScroll] = useState({ top: 0, height: 600 });
  const column = columns.find((each) => each.id === sort.id);
  const sorted = useMemo(
    () => (column === undefined ? rows : sortRows(rows, column.key, sort.direction)),
    [rows, column?.id, column?.key, sort.direction],
  );
  const largest = useMemo(() => largestValues(columns, rows), [columns, rows]);
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const measure = (): void => setScroll({ top: element.scrollTop, height: element.clientHeight });
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    element.addEventListener('scroll', measure, { passive: true });
    return () => {
      observer.disconnect();
      element.removeEventListener('scroll', measure);
    };
  }, []);
  const whole = { first: 0, last: sorted.length, before: 0, after: 0 };
  const part = usePrinting()
    ? whole
    : virtualWindow(sorted.length, ROW_HEIGHT, scroll.top, scroll.height);
  const sortBy = (clicked: Column<T>): void =>
    setSort(({ id, direction }) => ({
      id: clicked.id,
      direction: nextDirection(clicked, rows, id, direction),
    }));
  return (
    <div class="table-box" ref={box} tabIndex={0} role="region" aria-label={props.caption}>
      <table aria-rowcount={sorted.length + 1}>
        <caption class="hidden">{props.caption}</caption>
        <thead>
          <tr aria-rowindex={1}>
            {columns.map((each) => (
              <th
                key={each.id}
                scope="col"
                class={columnClass(each)}
                aria-sort={sort.id === each.id ? sort.direction : undefined}
              >
                <button type="button" title={each.help} onClick={() => sortBy(each)}>
                  {each.label}
                  <span class="sort" aria-hidden="true">
                    {sort.id === each.id ? (sort.direction === 'ascending' ? '▲' : '▼') : ''}
                  </span>
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          <Spacer height={part.before} columns={columns.length} />
          {sorted.slice(part.first, part.last).map((row, index) => (
            <tr
              key={rowKey(row)}
              class={props.rowClass?.(row)}
              aria-rowindex={part.first + index + 2}
            >
              {columns.map((each) => (
                <Cell key={each.id} column={each} row={row} largest={largest.get(each.id) ?? 0} />
              ))}
            </tr>
          ))}
          <Spacer height={part.after} columns={columns.length} />
        </tbody>
      </table>
      {sorted.length === 0 && <p class="nothing">{props.empty}</p>}
      {sorted.length > 20 && <p class="count">{t('table.count', sorted.length)}</p>}
    </div>
  );
}

/** On paper nothing can be scrolled: there all rows are. */
function usePrinting(): boolean {
  const [printing, setPrinting] = useState(false);
  useEffect(() => {
    const begin = (): void => setPrinting(true);
    const end = (): void => setPrinting(false);
    window.addEventListener('beforeprint', begin);
    window.addEventListener('afterprint', end);
    return () => {
      window.removeEventListener('beforeprint', begin);
      window.removeEventListener('afterprint', end);
    };
  }, []);
  return printing;
}

function Spacer(props: { readonly height: number; readonly columns: number }): JSX.Element | null {
  if (props.height === 0) return null;
  return (
    <tr class="spacer" aria-hidden="true">
      <td colSpan={props.columns} style={{ height: `${props.height}px` }} />
    </tr>
  );
}

function Cell<T>(props: {
  readonly column: Column<T>;
  readonly row: T;
  readonly largest: number;
}): JSX.Element {
  const { column, row, largest } = props;
  const value = column.bar?.value(row) ?? 0;
  return (
    <td class={columnClass(column)}>
      {column.bar !== undefined && value > 0 && largest > 0 && (
        <span
          class={`bar ${column.bar.className}`}
          aria-hidden="true"
          style={{ '--part': String(value / largest) }}
        />
      )}
      <span class="value">{column.render(row)}</span>
    </td>
  );
}

function columnClass<T>({ wide, text }: Column<T>): string {
  return wide === true ? 'wide' : text === true ? 'text' : 'number';
}

function largestValues<T>(
  columns: readonly Column<T>[],
  rows: readonly T[],
): ReadonlyMap<string, number> {
  const largest = new Map<string, number>();
  for (const { id, bar } of columns) {
    if (bar === undefined) continue;
    let most = 0;
    for (const row of rows) most = Math.max(most, bar.value(row));
    largest.set(id, most);
  }
  return largest;
}

/** A second click turns the order; a first one starts with what one looks for: large numbers, early letters. */
function nextDirection<T>(
  clicked: Column<T>,
  rows: readonly T[],
  sortedBy: string,
  direction: Direction,
): Direction {
  if (sortedBy === clicked.id) return direction === 'ascending' ? 'descending' : 'ascending';
  const [first] = rows;
  return first !== undefined && typeof clicked.key(first) === 'string' ? 'ascending' : 'descending';
}
