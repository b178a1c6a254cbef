import type { Hold, Segment } from '../../server/protocol-chart';
import { css } from './colour';
import { formatPlace, isKnown } from './format';
import type { Palette } from './palette';
import { barHeight, rowOfLane } from './rows';
import type { Surface } from './surface';
import type { TimelineModel } from './timeline-model';

const HEAD = 6;
/** CSS pixels by which an arrow bends. */
const BEND = 22;
/** Names of lines at holds, at most. */
const NAMES = 4;

/** A box in the timeline, CSS pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** Lights up the holds that a wait was spent on, names their lines, and points at who let the waiter go. */
export function paintCause(
  surface: Surface,
  model: TimelineModel,
  palette: Palette,
  left: number,
): void {
  const shown = model.hover?.segment ?? model.cursor?.segment ?? null;
  if (shown === null || shown.holds.length === 0) return;
  const { context } = surface;
  const width = surface.cssWidth - left;
  context.save();
  context.beginPath();
  context.rect(left, 0, width, surface.cssHeight);
  context.clip();
  const boxes = shown.holds.flatMap((hold) => {
    const box = boxOf(model, hold, left, width);
    return box === null ? [] : [{ hold, box }];
  });
  context.lineWidth = 1.5;
  context.strokeStyle = css(palette.foreground);
  for (const { box } of boxes) {
    context.strokeRect(box.x - 0.5, box.y + 2.5, box.width + 1, model.pitch - 5);
  }
  const longest = boxes.toSorted((a, b) => lengthOf(b.hold) - lengthOf(a.hold)).slice(0, NAMES);
  for (const { hold, box } of longest) nameHold(context, model, palette, hold, box);
  paintArrow(context, model, palette, shown, left, width);
  context.restore();
}

function boxOf(model: TimelineModel, hold: Hold, left: number, width: number): Box | null {
  const row = rowOfLane(model.rows, hold.lane);
  const from = Math.max(-2, model.xOf(hold.startNs, width));
  const to = Math.min(width + 2, model.xOf(hold.endNs, width));
  if (row === null || to < 0 || from > width) return null;
  return { x: left + from, y: row * model.pitch - model.top, width: Math.max(2, to - from) };
}

/** The line of a hold, in its bar if there is room. */
function nameHold(
  context: CanvasRenderingContext2D,
  model: TimelineModel,
  palette: Palette,
  { place }: Hold,
  box: Box,
): void {
  if (!isKnown(place)) return;
  context.font = `11px ${palette.font}`;
  context.textBaseline = 'middle';
  const text = formatPlace(place);
  const room = context.measureText(text).width + 8;
  if (room > box.width) return;
  const height = barHeight(model.pitch);
  const y = box.y + model.pitch / 2;
  context.fillStyle = css(palette.background, 0.85);
  context.fillRect(box.x + 2, y - Math.min(8, height / 2), room, Math.min(16, height));
  context.fillStyle = css(palette.foreground);
  context.fillText(text, box.x + 6, y + 0.5);
}

/** From the end of the wait to the release that ended it. */
function paintArrow(
  context: CanvasRenderingContext2D,
  model: TimelineModel,
  palette: Palette,
  { lane, endNs, releasedBy }: Segment,
  left: number,
  width: number,
): void {
  const waiter = rowOfLane(model.rows, lane);
  const releaser = rowOfLane(model.rows, releasedBy?.lane ?? -1);
  if (releasedBy === null || waiter === null || releaser === null) return;
  const middle = (row: number): number => row * model.pitch - model.top + model.pitch / 2;
  const from = { x: left + model.xOf(endNs, width), y: middle(waiter) };
  const to = { x: left + model.xOf(releasedBy.endNs, width), y: middle(releaser) };
  if (from.x < left - BEND || from.x > left + width + BEND) return;
  // Bends to the side on which there is room.
  const side = from.x + BEND > left + width ? -BEND : BEND;
  context.lineWidth = 3.5;
  context.strokeStyle = css(palette.background, 0.8);
  strokeCurve(context, from, to, side);
  context.lineWidth = 1.5;
  context.strokeStyle = css(palette.foreground);
  strokeCurve(context, from, to, side);
  context.fillStyle = css(palette.foreground);
  context.beginPath();
  context.moveTo(to.x, to.y);
  const back = Math.sign(side);
  context.lineTo(to.x + back * HEAD * 1.3, to.y - HEAD * 0.6);
  context.lineTo(to.x + back * HEAD * 1.3, to.y + HEAD * 0.6);
  context.closePath();
  context.fill();
}

interface Point {
  readonly x: number;
  readonly y: number;
}

function strokeCurve(
  context: CanvasRenderingContext2D,
  from: Point,
  to: Point,
  side: number,
): void {
  context.beginPath();
  context.moveTo(from.x, from.y);
  context.bezierCurveTo(from.x + side, from.y, to.x + side, to.y, to.x, to.y);
  context.stroke();
}

function lengthOf({ startNs, endNs }: Hold): number {
  return endNs - startNs;
}
