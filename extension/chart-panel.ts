import { basename } from 'node:path';
import * as vscode from 'vscode';
import { METHOD } from '../server/protocol';
import {
  LEVEL_MIN,
  LEVEL_OVERVIEW,
  type ChartMeta,
  type ChartRequest,
  type ChartResponse,
} from '../server/protocol-chart';
import type { FromChart, ToChart } from '../server/protocol-webview';
import type { ComparisonView } from '../server/protocol-comparison';
import { CHART_STRINGS } from './chart/strings';
import { chartPage } from './chart-page';
import { ChartPlaces } from './chart-places';
import { cursorPlace, watchCursor, type CursorPlace } from './cursor-place';
import type { PlaceOpener } from './place-opener';
import type { ProfileServer } from './requests';

export const CHART_VIEW_TYPE = 'gilscope.chart';
const MARK_BINS = 2 ** LEVEL_OVERVIEW;

type TileQuestion = Extract<FromChart, { type: 'tile' }>;
type TileMessage = Extract<ToChart, { type: 'tile' }>;

/** Null: there is no profile. */
interface FirstPicture {
  readonly tile: TileMessage | null;
  readonly meta: ChartMeta | null;
}

/** A file that is shown in an editor of its own. */
export interface ShownFile {
  readonly uri: vscode.Uri;
  /** Makes its profile the current one. Failures are shown. */
  show(): Promise<void>;
}

/** The webview with the chart: relays its questions to the server and opens the lines it names. */
export class ChartPanel implements vscode.Disposable {
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private readonly places = new ChartPlaces();
  private sendingMeta: { again: boolean } | null = null;
  /** Asked for before the webview is there. */
  private first: Promise<FirstPicture> | null = null;
  /** Changes of the profile so far. */
  private changes = 0;
  private isReady = false;
  /** To be shown as soon as the webview can. */
  private wantedLine: CursorPlace | null = null;

  /** @param dist folder of chart.js and chart.css */
  constructor(
    private readonly panel: vscode.WebviewPanel,
    dist: vscode.Uri,
    private readonly server: ProfileServer,
    private readonly opener: PlaceOpener,
    private readonly log: vscode.LogOutputChannel,
    /** The only profile that it shows; null: whichever is the current one. */
    private readonly file: ShownFile | null = null,
  ) {
    panel.webview.options = { enableScripts: true, localResourceRoots: [dist] };
    this.subscriptions = [
      panel.webview.onDidReceiveMessage((message: FromChart) => void this.receive(message)),
      server.onProfileChanged(() => {
        this.changes++;
        this.first = null;
        void this.sendMeta();
      }),
      watchCursor((place) => void this.sendMarks(place)),
    ];
    panel.onDidDispose(() => {
      for (const subscription of this.subscriptions) subscription.dispose();
    });
    panel.webview.html = chartPage(panel.webview, dist);
    this.first = this.askFirst();
  }

  reveal(): void {
    this.panel.reveal();
  }

  /** Goes to what is longest at a line of the profile. */
  showLine(place: CursorPlace): void {
    this.wantedLine = place;
    if (this.isReady) this.sendLine();
  }

  dispose(): void {
    this.panel.dispose();
  }

  private async receive(message: FromChart): Promise<void> {
    try {
      switch (message.type) {
        case 'ready':
          await this.greet();
          return;
        case 'tables':
          await this.sendMeta();
          await this.sendMarksOfVisible();
          return;
        case 'tile':
          this.post(await this.tile(message));
          return;
        case 'segment': {
          const { segment } = await this.ask(message.request, 'segment');
          this.places.addSegment(segment);
          this.post({ type: 'segment', requestId: message.requestId, segment });
          return;
        }
        case 'analysis': {
          const { requestId, question } = message;
          const { answer } = await this.ask({ kind: 'analysis', question }, 'analysis');
          this.places.addAnswer(answer);
          this.post({ type: 'analysis', requestId, answer });
          return;
        }
        case 'goto':
          await this.open(message.file, message.line);
          return;
        case 'show':
          await this.file?.show();
          return;
        default:
          this.log.warn(`The chart sent what is not known: ${JSON.stringify(message)}`);
      }
    } catch (error) {
      this.log.warn(`The chart got no answer to "${message.type}": ${String(error)}`);
    }
  }

  /** A webview that was hidden has lost everything: it is told all again. */
  private async greet(): Promise<void> {
    this.isReady = false;
    this.post({ type: 'strings', strings: chartStrings() });
    if (this.file) this.post({ type: 'file', name: basename(this.file.uri.path) });
    const { changes } = this;
    const { tile, meta } = await (this.first ?? this.askFirst());
    this.first = null;
    // What changed meanwhile has been sent, or is being sent.
    if (changes === this.changes) {
      if (tile !== null) this.post(tile);
      this.post({ type: 'meta', meta });
      if (meta === null) this.post({ type: 'comparison', view: null });
    }
    this.isReady = true;
    this.sendLine();
  }

  /** What the first picture needs: the outline of the profile, and the coarsest tile of the first lanes. */
  private async askFirst(): Promise<FirstPicture> {
    // A chart that was left open does not start the server.
    if (!this.hasProfile) return { tile: null, meta: null };
    try {
      const [tile, { meta }] = await Promise.all([
        this.tile({ type: 'tile', level: LEVEL_MIN, index: 0, page: 0 }),
        this.ask({ kind: 'meta', outline: true }, 'meta'),
      ]);
      return { tile, meta };
    } catch (error) {
      this.log.warn(`The chart got no profile: ${String(error)}`);
      return { tile: null, meta: null };
    }
  }

  private async sendMarksOfVisible(): Promise<void> {
    const place = cursorPlace(vscode.window.visibleTextEditors.find((e) => cursorPlace(e)));
    if (place) await this.sendMarks(place);
  }

  private sendLine(): void {
    if (!this.wantedLine) return;
    const { file, line } = this.wantedLine;
    this.wantedLine = null;
    this.post({ type: 'showLine', file, line });
  }

  private get hasProfile(): boolean {
    const { profile } = this.server;
    return profile !== null && (this.file === null || profile.path === this.file.uri.fsPath);
  }

  /** One question at a time; changes of the profile in between are one more. */
  private async sendMeta(): Promise<void> {
    if (this.sendingMeta) {
      this.sendingMeta.again = true;
      return;
    }
    const sending = { again: false };
    this.sendingMeta = sending;
    let meta: ChartMeta | null = null;
    let view: ComparisonView | null = null;
    try {
      if (this.hasProfile) ({ meta } = await this.ask({ kind: 'meta' }, 'meta'));
      const isCompared = this.hasProfile && typeof this.server.profile?.comparedWith === 'string';
      if (isCompared) ({ view } = await this.ask({ kind: 'comparison' }, 'comparison'));
    } catch (error) {
      this.log.warn(`The chart got no profile: ${String(error)}`);
    }
    this.sendingMeta = null;
    this.places.reset(meta);
    this.places.addComparison(view);
    this.post({ type: 'meta', meta });
    this.post({ type: 'comparison', view });
    if (sending.again) await this.sendMeta();
  }

  private async tile({ level, index, page }: TileQuestion): Promise<TileMessage> {
    const answer = await this.ask({ kind: 'tile', level, index, page }, 'tile');
    // A Buffer arrives in the webview as a plain object, and a view of one drags its whole pool along.
    const data = Uint8Array.from(Buffer.from(answer.base64, 'base64'));
    return { type: 'tile', revision: answer.revision, level, index, page, data };
  }

  private async sendMarks({ file, line }: CursorPlace): Promise<void> {
    if (!this.panel.visible || !this.hasProfile) return;
    try {
      const { marks } = await this.ask({ kind: 'marks', file, line, bins: MARK_BINS }, 'marks');
      this.post({ type: 'marks', marks, file, line });
    } catch (error) {
      this.log.warn(`The chart got no marks: ${String(error)}`);
    }
  }

  private async ask<K extends ChartResponse['kind']>(
    request: ChartRequest,
    kind: K,
  ): Promise<Extract<ChartResponse, { kind: K }>> {
    const answer = await this.server.request(METHOD.chart, request);
    if (answer.kind !== kind) throw new Error(`an answer of the kind ${answer.kind}`);
    return answer as Extract<ChartResponse, { kind: K }>;
  }

  private post(message: ToChart): void {
    void this.panel.webview.postMessage(message);
  }

  private async open(file: string, line: number): Promise<void> {
    if (!this.places.has(file, line)) {
      this.log.warn(`The chart asked for a place that the profile does not name: ${file}:${line}`);
      return;
    }
    await this.opener.open(file, line);
  }
}

function chartStrings(): Record<string, string> {
  const strings = Object.entries(CHART_STRINGS).map(([key, text]) => [key, vscode.l10n.t(text)]);
  return Object.fromEntries(strings) as Record<string, string>;
}
