import type { TimelineController } from './timeline-controller';
import { runLength } from './view';

const ZOOM_STEP = 1.5;
const PAN_SHARE = 0.2;
/** A pointer that moved less has clicked. CSS pixels. */
const CLICK_SLOP = 4;
const EDGE = 6;

/** Connects pointer, wheel and keyboard; the answer undoes it. */
export function listenToInput(
  timeline: TimelineController,
  waited: (found: boolean) => void,
): () => void {
  const abort = new AbortController();
  const { signal } = abort;
  const { stage, scroller, root, stripWindow } = timeline.elements;
  scroller.addEventListener('scroll', () => timeline.scrolled(), { signal });
  root.addEventListener('wheel', (event) => onWheel(timeline, event), { signal, passive: false });
  stage.addEventListener('keydown', (event) => onKey(timeline, event, waited), { signal });
  stage.addEventListener('focus', () => timeline.schedule(), { signal });
  stage.addEventListener('blur', () => timeline.schedule(), { signal });
  listenToPointer(timeline, stage, signal);
  listenToRuler(timeline, timeline.elements.axis, signal);
  listenToBrush(timeline, stripWindow, signal);
  return () => abort.abort();
}

/** Ctrl (or a pinch) zooms to the pointer, Shift or a sideways wheel moves in time, the plain wheel scrolls lanes. */
function onWheel(timeline: TimelineController, event: WheelEvent): void {
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
  const [dx, dy] = [event.deltaX * unit, event.deltaY * unit];
  if (event.ctrlKey || event.metaKey) {
    event.preventDefault();
    const x = event.clientX - timeline.elements.scroller.getBoundingClientRect().left;
    timeline.zoom(Math.exp(Math.max(-1, Math.min(1, dy * 0.004))), Math.max(timeline.left, x));
  } else if (event.shiftKey || Math.abs(dx) > Math.abs(dy)) {
    event.preventDefault();
    timeline.pan(Math.abs(dx) > Math.abs(dy) ? dx : dy);
  }
}

function listenToPointer(
  timeline: TimelineController,
  stage: HTMLElement,
  signal: AbortSignal,
): void {
  let start: Press | null = null;
  const local = (event: PointerEvent): readonly [number, number] => {
    const box = stage.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  stage.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      const [x, y] = local(event);
      const top = timeline.elements.scroller.scrollTop;
      const fromNs = event.shiftKey && x >= timeline.left ? snapped(timeline, x) : null;
      start = { x, y, lastX: x, top, dragged: false, fromNs };
      stage.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  stage.addEventListener(
    'pointermove',
    (event) => {
      const [x, y] = local(event);
      if (start === null) {
        timeline.hover(x, y);
        return;
      }
      if (!start.dragged && Math.hypot(x - start.x, y - start.y) < CLICK_SLOP) return;
      start.dragged = true;
      if (start.fromNs !== null) {
        timeline.hover(x, y);
        selectTo(timeline, start.fromNs, x);
        return;
      }
      stage.classList.add('dragging');
      timeline.unhover();
      timeline.pan(start.lastX - x);
      start.lastX = x;
      timeline.elements.scroller.scrollTop = start.top + start.y - y;
    },
    { signal },
  );
  const end = (event: PointerEvent): void => {
    const clicked = start !== null && !start.dragged && event.type === 'pointerup';
    start = null;
    stage.classList.remove('dragging');
    if (clicked) void timeline.click(...local(event));
  };
  stage.addEventListener('pointerup', end, { signal });
  stage.addEventListener('pointercancel', end, { signal });
  stage.addEventListener('pointerleave', () => timeline.unhover(), { signal });
}

/** A button of the mouse that is down. CSS pixels. */
interface Press {
  readonly x: number;
  readonly y: number;
  lastX: number;
  readonly top: number;
  dragged: boolean;
  /** Where a span began that is being selected; null: the drag moves the view. */
  readonly fromNs: number | null;
}

/** The time at a place, or the nearest change of state of what is pointed at. */
function snapped(timeline: TimelineController, x: number): number {
  const { model, left, width } = timeline;
  const atNs = model.timeOf(Math.min(width, Math.max(0, x - left)), width);
  const { segment = null } = model.hover ?? {};
  const edges = segment === null ? [] : [segment.startNs, segment.endNs];
  return edges.find((edge) => Math.abs(left + model.xOf(edge, width) - x) <= EDGE) ?? atNs;
}

function selectTo(timeline: TimelineController, fromNs: number, x: number): void {
  const toNs = snapped(timeline, x);
  timeline.select({ startNs: Math.min(fromNs, toNs), endNs: Math.max(fromNs, toNs) });
}

/** Dragging along the axis selects a span; a click on it clears the selection. */
function listenToRuler(timeline: TimelineController, axis: HTMLElement, signal: AbortSignal): void {
  let from: { readonly x: number; readonly ns: number } | null = null;
  const xOf = (event: PointerEvent): number => event.clientX - axis.getBoundingClientRect().left;
  axis.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      from = { x: xOf(event), ns: snapped(timeline, xOf(event)) };
      axis.setPointerCapture(event.pointerId);
    },
    { signal },
  );
  axis.addEventListener(
    'pointermove',
    (event) => {
      if (from === null || Math.abs(xOf(event) - from.x) < CLICK_SLOP) return;
      selectTo(timeline, from.ns, xOf(event));
    },
    { signal },
  );
  const end = (event: PointerEvent): void => {
    if (from !== null && Math.abs(xOf(event) - from.x) < CLICK_SLOP) timeline.select(null);
    from = null;
  };
  axis.addEventListener('pointerup', end, { signal });
  axis.addEventListener('pointercancel', end, { signal });
}

/** A window drawn anew over the whole run; a mere press leaves the whole run in view. */
function drawWindow(timeline: TimelineController, timeNs: number, startNs: number): void {
  const slopNs = (CLICK_SLOP / timeline.width) * timeline.model.wallNs;
  if (Math.abs(timeNs - startNs) < slopNs) return;
  timeline.showReal({ t0: Math.min(timeNs, startNs), t1: Math.max(timeNs, startNs) });
}

/** The window in the overview: drag it, drag its edges, or press beside it to bring it there. */
function listenToBrush(
  timeline: TimelineController,
  strip: HTMLElement,
  signal: AbortSignal,
): void {
  type Grip = { readonly kind: 'move' | 'start' | 'end' | 'draw'; readonly offsetNs: number };
  let grip: Grip | null = null;
  const timeOf = (event: PointerEvent): number => {
    const x = event.clientX - strip.getBoundingClientRect().left - timeline.left;
    return (x / timeline.width) * runLength(timeline.model.wallNs);
  };
  const gripAt = (timeNs: number): Grip => {
    const { t0, t1 } = timeline.model.realView;
    const edgeNs = (EDGE / timeline.width) * timeline.model.wallNs;
    if (Math.abs(timeNs - t0) < edgeNs) return { kind: 'start', offsetNs: timeNs - t0 };
    if (Math.abs(timeNs - t1) < edgeNs) return { kind: 'end', offsetNs: timeNs - t1 };
    if (timeline.model.isWhole) return { kind: 'draw', offsetNs: timeNs };
    const inside = timeNs > t0 && timeNs < t1;
    return { kind: 'move', offsetNs: inside ? timeNs - t0 : (t1 - t0) / 2 };
  };
  const apply = (timeNs: number, { kind, offsetNs }: Grip): void => {
    const { t0, t1 } = timeline.model.realView;
    const { shortestNs } = timeline.model;
    const atNs = timeNs - offsetNs;
    if (kind === 'start') timeline.showReal({ t0: Math.min(atNs, t1 - shortestNs), t1 });
    else if (kind === 'end') timeline.showReal({ t0, t1: Math.max(atNs, t0 + shortestNs) });
    else if (kind === 'draw') drawWindow(timeline, timeNs, offsetNs);
    else timeline.showReal({ t0: atNs, t1: atNs + (t1 - t0) });
  };
  strip.addEventListener(
    'pointerdown',
    (event) => {
      if (event.button !== 0) return;
      const timeNs = timeOf(event);
      grip = gripAt(timeNs);
      strip.setPointerCapture(event.pointerId);
      apply(timeNs, grip);
    },
    { signal },
  );
  strip.addEventListener(
    'pointermove',
    (event) => {
      const timeNs = timeOf(event);
      strip.classList.toggle('edge', (grip ?? gripAt(timeNs)).kind !== 'move');
      if (grip !== null) apply(timeNs, grip);
    },
    { signal },
  );
  const end = (): void => {
    grip = null;
  };
  strip.addEventListener('pointerup', end, { signal });
  strip.addEventListener('pointercancel', end, { signal });
}

function onKey(
  timeline: TimelineController,
  event: KeyboardEvent,
  waited: (found: boolean) => void,
): void {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const action = keyAction(timeline, event, waited);
  if (action === null) return;
  event.preventDefault();
  event.stopPropagation();
  action();
}

function keyAction(
  timeline: TimelineController,
  event: KeyboardEvent,
  waited: (found: boolean) => void,
): (() => void) | null {
  const panPixels = timeline.width * PAN_SHARE;
  const { scroller } = timeline.elements;
  switch (event.key) {
    case 'ArrowLeft':
      return () => (event.shiftKey ? timeline.pan(-panPixels) : timeline.step('previous'));
    case 'ArrowRight':
      return () => (event.shiftKey ? timeline.pan(panPixels) : timeline.step('next'));
    case 'ArrowUp':
      return () => timeline.stepLane(-1);
    case 'ArrowDown':
      return () => timeline.stepLane(1);
    case 'PageUp':
      return () => scroller.scrollBy(0, -scroller.clientHeight);
    case 'PageDown':
      return () => scroller.scrollBy(0, scroller.clientHeight);
    case 'Home':
      return () => timeline.pan(-Number.MAX_SAFE_INTEGER);
    case 'End':
      return () => timeline.pan(Number.MAX_SAFE_INTEGER);
    case '+':
    case '=':
      return () => timeline.zoom(1 / ZOOM_STEP);
    case '-':
    case '_':
      return () => timeline.zoom(ZOOM_STEP);
    case '0':
      return () => timeline.fit();
    case 'n':
    case 'N':
      return () => void timeline.stepWait(1).then(waited);
    case 'p':
    case 'P':
      return () => void timeline.stepWait(-1).then(waited);
    case '[':
      return () => timeline.setSpanEdge('startNs');
    case ']':
      return () => timeline.setSpanEdge('endNs');
    case 'z':
    case 'Z':
      return () => timeline.zoomToSelection();
    case 'Enter':
      return () => timeline.openCursor();
    case 'Escape':
      return () => (timeline.model.span === null ? timeline.clearCursor() : timeline.select(null));
    default:
      return null;
  }
}
