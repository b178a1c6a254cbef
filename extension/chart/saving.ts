import { useCallback, useEffect, useRef } from 'preact/hooks';
import type { Host, SavedState } from './host';
import { Later } from './later';
import type { TimelineController } from './timeline-controller';

const SAVE_DELAY_MS = 250;

/** What the page itself keeps, beside the timeline. */
export type SavedPage = Pick<
  SavedState,
  'tab' | 'split' | 'filter' | 'order' | 'curves' | 'compared'
>;

/** Keeps view, cursor and page, a little after the last change; the answer is to be called when the timeline changed. */
export function useSaving(
  host: Host,
  timeline: { readonly current: TimelineController | null },
  page: SavedPage,
): () => void {
  const latest = useRef(page);
  latest.current = page;
  const later = useRef<Later | null>(null);
  later.current ??= new Later(SAVE_DELAY_MS, () => {
    const model = timeline.current?.model;
    if (!model) return;
    const { cursor } = model;
    host.save({
      ...model.realView,
      wallNs: model.wallNs,
      top: model.top / model.pitch,
      cursor: cursor && { lane: cursor.lane, atNs: cursor.atNs },
      ...latest.current,
    });
  });
  const save = useCallback(() => later.current?.touch(), []);
  useEffect(save, Object.values(page));
  return save;
}
