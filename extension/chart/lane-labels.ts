import type { ProcessRow } from '../../server/protocol';
import type { Lane } from '../../server/protocol-chart';
import { formatPlace, laneName } from './format';
import { visibleRows } from './lanes-view';
import { pidOf, processRow } from './programs';
import type { Row } from './rows';
import type { Translate } from './strings';
import type { TimelineModel } from './timeline-model';

/** The names beside the lanes: elements, moved in the same frame as the canvases, only as many as are in sight. */
export class LaneLabels {
  readonly #box: HTMLElement;
  #shown = '';

  constructor(box: HTMLElement) {
    this.#box = box;
  }

  update(model: TimelineModel, t: Translate, width: number, height: number): void {
    const rows = visibleRows(model, height);
    const labels = rows.map(([index, row]) => ({ index, ...labelOf(model, row, t) }));
    const shown = JSON.stringify([labels, model.top, model.pitch, width]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    while (this.#box.children.length > labels.length) this.#box.lastElementChild?.remove();
    labels.forEach((label, at) => {
      const element = this.#element(at);
      const top = label.index * model.pitch - model.top;
      element.className = `label ${label.kind}`;
      element.style.transform = `translateY(${top}px)`;
      element.style.height = `${model.pitch}px`;
      element.style.lineHeight = `${model.pitch}px`;
      element.style.width = label.kind === 'lane' ? `${width - 1}px` : '';
      const [name, detail] = element.children;
      const [head, tail] = name?.children ?? [];
      const cut = tailStart(label.name);
      if (head !== undefined) head.textContent = label.name.slice(0, cut);
      if (tail !== undefined) tail.textContent = label.name.slice(cut);
      if (detail !== undefined) detail.textContent = label.detail;
    });
  }

  #element(index: number): HTMLElement {
    const existing = this.#box.children[index];
    if (existing instanceof HTMLElement) return existing;
    const element = document.createElement('div');
    const name = document.createElement('span');
    const detail = document.createElement('span');
    name.className = 'label-name';
    name.append(document.createElement('span'), document.createElement('span'));
    detail.className = 'label-detail';
    element.append(name, detail);
    this.#box.append(element);
    return element;
  }
}

/** Letters at the end of a name that stay where there is no room for all: they tell threads of one pool apart. */
const TAIL = 5;

/** Where the end of a name begins that is never cut off; never within a letter of two halves. */
export function tailStart(name: string): number {
  const start = Math.max(0, name.length - TAIL);
  const half = name.charCodeAt(start);
  return half >= 0xdc00 && half <= 0xdfff ? start - 1 : start;
}

interface Label {
  readonly kind: Row['kind'];
  readonly name: string;
  readonly detail: string;
}

function labelOf(model: TimelineModel, row: Row, t: Translate): Label {
  if (row.kind === 'process') {
    const detail = processDetail(row.id, model.meta?.processes ?? [], t);
    return { kind: 'process', name: t('timeline.process', pidOf(row.id)), detail };
  }
  const lane = model.lane(row.lane);
  if (lane === null) return { kind: 'lane', name: '', detail: '' };
  return { kind: 'lane', name: laneName(lane, t), detail: laneDetail(model, row.lane, lane, t) };
}

/** What tells this lane from others of the same name; empty if nothing must. */
function laneDetail(model: TimelineModel, index: number, lane: Lane, t: Translate): string {
  const distinction = model.distinctions[index];
  const parts: string[] = [];
  if (distinction?.tid === true) parts.push(t('lane.tid', lane.tid));
  if (distinction?.gil === true) {
    parts.push(t('lane.interpreter', lane.gil.slice(lane.gil.indexOf('/') + 1)));
  }
  return parts.join(' · ');
}

/** What `multiprocessing` starts with a program of its own, by its module. */
function shortCommand(command: string): string {
  return /-c from (multiprocessing\.\w+) import /.exec(command)?.[1] ?? command;
}

const INTERPRETER = /(?:^|[/\\])python[^/\\]*$/i;

/** What a process is: whose child, and what it runs, without the interpreter and the folder of the script. */
export function processDetail(
  program: string,
  processes: readonly ProcessRow[],
  t: Translate,
): string {
  const process = processRow(program, processes);
  if (process === undefined) return '';
  const [first = '', ...rest] = process.argv;
  const isNamed = rest.length > 0 && (first === process.executable || INTERPRETER.test(first));
  const [script = '', ...args] = isNamed ? rest : process.argv;
  const name = script.startsWith('/') ? formatPlace({ file: script, line: 0 }) : script;
  const command = shortCommand([name, ...args].join(' '));
  const parent = processes.find((each) => each.pid === process.parentPid);
  return parent === undefined ? command : `${t('timeline.child', parent.pid)} · ${command}`;
}
