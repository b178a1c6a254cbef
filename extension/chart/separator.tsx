import type { JSX, TargetedPointerEvent } from 'preact';

interface SeparatorProps {
  readonly label: string;
  /** Share of the height above it. */
  readonly split: number;
  readonly move: (split: number) => void;
}

const LEAST = 0.2;
const MOST = 0.85;
const STEP = 0.05;

const clamp = (split: number): number => Math.min(MOST, Math.max(LEAST, split));

/** The edge between timeline and tables, to drag or to move by arrow keys. */
export function Separator({ label, split, move }: SeparatorProps): JSX.Element {
  const onPointerDown = (event: TargetedPointerEvent<HTMLDivElement>): void => {
    const element = event.currentTarget;
    const parent = element.parentElement;
    if (event.button !== 0 || parent === null) return;
    element.setPointerCapture(event.pointerId);
    const onMove = (moved: PointerEvent): void => {
      const box = parent.getBoundingClientRect();
      move(clamp((moved.clientY - box.top) / box.height));
    };
    element.addEventListener('pointermove', onMove);
    element.addEventListener(
      'lostpointercapture',
      () => element.removeEventListener('pointermove', onMove),
      { once: true },
    );
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return;
    event.preventDefault();
    move(clamp(split + (event.key === 'ArrowDown' ? STEP : -STEP)));
  };
  return (
    <div
      class="separator"
      role="separator"
      tabIndex={0}
      aria-orientation="horizontal"
      aria-label={label}
      aria-valuenow={Math.round(split * 100)}
      aria-valuemin={LEAST * 100}
      aria-valuemax={MOST * 100}
      onPointerDown={onPointerDown}
      onKeyDown={onKeyDown}
    />
  );
}
