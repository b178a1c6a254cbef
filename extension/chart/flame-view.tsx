import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  FLAME_COSTS,
  type Flame,
  type FlameCost,
  type Scope,
} from '../../server/protocol-analysis';
import { useAnswer, type AnalysisClient } from './analysis-client';
import {
  boxesIn,
  neighbourBox,
  shadeOf,
  type FlameBox,
  type FlameRange,
  type FlameStep,
} from './flame-boxes';
import { formatDuration, formatPlace, formatShare } from './format';
import { PlaceLink, type Opener } from './place-link';
import type { Translate } from './strings';

interface FlameViewProps extends Opener {
  readonly t: Translate;
  readonly client: AnalysisClient;
  readonly revision: number;
  readonly scope: Scope;
  /** Selects a span of the run. */
  readonly showSpan: (startNs: number, endNs: number) => void;
}

type Order = 'merged' | 'time';

const ROW = 20;
const ORDERS: readonly Order[] = ['merged', 'time'];

/** Where hold, wait or blocks came from: callers above, what they called below. */
export function FlameView(props: FlameViewProps): JSX.Element {
  const { t, client, revision, scope } = props;
  const [cost, setCost] = useState<FlameCost>('hold');
  const [order, setOrder] = useState<Order>('merged');
  const answer = useAnswer<'flame'>(client, { kind: 'flame', scope, cost, order }, revision);
  return (
    <div class="table-view">
      <div class="tools">
        <Choice
          label={t('flame.cost')}
          values={FLAME_COSTS}
          value={cost}
          text={(each) => t(`col.${each}`)}
          choose={setCost}
        />
        <Choice
          label={t('flame.order')}
          values={ORDERS}
          value={order}
          text={(each) => t(`flame.${each}`)}
          choose={setOrder}
        />
        <span class="dim hint">{t(`flame.${order}.help`)}</span>
      </div>
      {answer === null ? (
        <p class="nothing">{t('table.computing')}</p>
      ) : (
        <Boxes {...props} flame={answer.flame} cost={cost} order={order} />
      )}
    </div>
  );
}

function Choice<T extends string>(props: {
  readonly label: string;
  readonly values: readonly T[];
  readonly value: T;
  readonly text: (value: T) => string;
  readonly choose: (value: T) => void;
}): JSX.Element {
  return (
    <div class="choice" role="group" aria-label={props.label}>
      {props.values.map((each) => (
        <button
          key={each}
          type="button"
          aria-pressed={each === props.value}
          onClick={() => props.choose(each)}
        >
          {props.text(each)}
        </button>
      ))}
    </div>
  );
}

interface BoxesProps extends FlameViewProps {
  readonly flame: Flame;
  readonly cost: FlameCost;
  readonly order: Order;
}

function wholeOf({ flame, order, scope }: BoxesProps): FlameRange {
  return order === 'merged'
    ? { from: 0, to: Math.max(1, flame.totalNs) }
    : { from: scope.fromNs, to: scope.toNs };
}

function Boxes(props: BoxesProps): JSX.Element {
  const { t, flame, cost, order } = props;
  const whole = wholeOf(props);
  const [zoom, setZoom] = useState<FlameRange | null>(null);
  const [focus, setFocus] = useState(0);
  const tree = useRef<HTMLDivElement>(null);
  useEffect(() => {
    setZoom(null);
    setFocus(0);
  }, [flame]);
  const range = zoom ?? whole;
  const boxes = useMemo(() => boxesIn(flame, range), [flame, range.from, range.to]);
  const current = boxes.find(({ index }) => index === focus) ?? boxes[0];
  if (current === undefined) return <p class="nothing">{t('table.none')}</p>;
  const act = (box: FlameBox): void => {
    setFocus(box.index);
    if (order === 'merged') setZoom({ from: box.from, to: box.to });
    else props.showSpan(Math.floor(box.from), Math.ceil(box.to));
  };
  const focusBox = (box: FlameBox): void => {
    setFocus(box.index);
    tree.current?.querySelector<HTMLElement>(`[data-box="${box.index}"]`)?.focus();
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    if (step !== undefined) focusBox(neighbourBox(boxes, current, step));
    else if (event.key === 'Enter') props.open?.(current.frame.file, current.frame.line);
    else if (event.key === ' ') act(current);
    else if (event.key === 'Escape') setZoom(null);
    else return;
    event.preventDefault();
  };
  const height = (boxes.reduce((most, { depth }) => Math.max(most, depth), 0) + 1) * ROW;
  return (
    <>
      <div class="flame-scroll">
        <div
          class={`flame flame-${cost}`}
          role="tree"
          aria-label={t('flame.label', t(`col.${cost}`))}
          ref={tree}
          style={{ height: `${height}px` }}
          onKeyDown={onKeyDown}
        >
          {boxes.map((box) => (
            <Box
              key={box.index}
              {...{ t, box, range, order }}
              totalNs={flame.totalNs}
              isCurrent={box === current}
              choose={() => act(box)}
              point={() => setFocus(box.index)}
            />
          ))}
        </div>
      </div>
      <Detail {...props} box={current} zoomed={zoom !== null} reset={() => setZoom(null)} />
    </>
  );
}

const STEPS: Readonly<Record<string, FlameStep>> = {
  ArrowUp: 'parent',
  ArrowDown: 'child',
  ArrowLeft: 'previous',
  ArrowRight: 'next',
};

function Box(props: {
  readonly t: Translate;
  readonly box: FlameBox;
  readonly range: FlameRange;
  readonly order: Order;
  readonly totalNs: number;
  readonly isCurrent: boolean;
  readonly choose: () => void;
  readonly point: () => void;
}): JSX.Element {
  const { t, box, range, isCurrent } = props;
  const scale = 100 / (range.to - range.from);
  const left = Math.max(0, (box.from - range.from) * scale);
  const right = Math.min(100, (box.to - range.from) * scale);
  const name = nameOf(t, box);
  return (
    <div
      class={`flame-box shade-${shadeOf(box.frame)}`}
      role="treeitem"
      aria-level={box.depth + 1}
      aria-label={`${name}, ${formatDuration(box.to - box.from)}`}
      aria-selected={isCurrent}
      tabIndex={isCurrent ? 0 : -1}
      data-box={box.index}
      style={{ left: `${left}%`, width: `${right - left}%`, top: `${box.depth * ROW}px` }}
      onClick={props.choose}
      onPointerEnter={props.point}
    >
      {right - left > 2 && name}
    </div>
  );
}

function nameOf(t: Translate, { frame }: FlameBox): string {
  if (frame.line === 0) return frame.function || t('tip.unknown');
  return `${frame.function} ${formatPlace(frame)}`;
}

/** What is pointed at, with a way to its line. */
function Detail(
  props: BoxesProps & {
    readonly box: FlameBox;
    readonly zoomed: boolean;
    readonly reset: () => void;
  },
): JSX.Element {
  const { t, box, flame, order, open } = props;
  const ns = box.to - box.from;
  return (
    <p class="flame-detail">
      <PlaceLink t={t} file={box.frame.file} line={box.frame.line} open={open} />{' '}
      <span>{box.frame.function}</span> <b>{formatDuration(ns)}</b>{' '}
      <span class="dim">
        {order === 'merged'
          ? formatShare(ns, flame.totalNs)
          : t('tip.at', formatDuration(box.from))}
      </span>
      {props.zoomed && (
        <button type="button" class="link" onClick={props.reset}>
          {t('flame.reset')}
        </button>
      )}
    </p>
  );
}
