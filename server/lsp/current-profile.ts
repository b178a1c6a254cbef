import { ResponseError } from 'vscode-languageserver';
import { collectStandalone, standalonePage } from '../cli/html';
import { messageOf } from '../interpreter/run-error';
import { comparisonText } from '../profile/compare/comparison-text';
import { reportText } from '../profile/report-text';
import type { ProfileWorker } from '../profile/worker-client';
import type { RunDescription } from '../profile/worker-protocol';
import type { ExitStatus, Profile } from '../protocol';
import type { ChartRequest, ChartResponse } from '../protocol-chart';
import { RUN_ERROR, type ServerSettings } from '../protocol-run';
import type { Comparison } from '../protocol-comparison';
import type { ExportParams, ExportResult } from '../protocol-export';
import { noChart } from './no-chart';
import { ProfileBefore } from './comparison';
import { loadProfile, withComparison, withMinimum, type LoadedProfile } from './loaded-profile';
import { Packing } from './packing';
import { readManifest, saveContainer, saveText } from './profile-files';
import type { GrowingProfile } from './run-session';
import { SourceFiles } from './source-files';
import { storedHashesOf } from './stored-hashes';
import type { TemporaryFolder } from './temporary-folder';
import type { ServerText } from './text';

export interface CurrentProfileOptions {
  readonly openWorker: (path: string) => ProfileWorker;
  readonly temporary: TemporaryFolder;
  /** Of the self-contained page. */
  readonly assetFolder: string;
  readonly settings: () => ServerSettings;
  readonly log: (message: string) => void;
  readonly text: () => ServerText;
  /** The profile, or what is shown of it, is another. */
  readonly onChange: () => void;
}

const REVISIONS_PER_PROFILE = 1_000_000;

/** The profile that the server shows: one that grows, one of a finished run, or one that was opened. */
export class CurrentProfile {
  loaded: LoadedProfile | null = null;
  private worker: ProfileWorker | null = null;
  /** That the shown one is compared with. */
  private before: ProfileBefore | null = null;
  /** The profile as a file, once its run is over. */
  private container: string | null = null;
  /** Why it is not there. */
  private notKept = '';
  /** Each worker counts its revisions from 1; the client must be able to tell those of different profiles apart. */
  private revisionOffset = 0;

  constructor(private readonly options: CurrentProfileOptions) {}

  /** Begins with an empty profile of a program that is about to run. */
  beginRun(runFolder: string, title: string): GrowingProfile {
    this.forget();
    const worker = this.options.openWorker(runFolder);
    this.worker = worker;
    const sources = this.sourceFiles({}, null);
    let wasRead = false;
    let packing: Packing | null = null;
    const snapshot = async (facts: Partial<RunDescription> = {}): Promise<Profile> => {
      const profile = await worker.snapshot(facts);
      await sources.learn(profile.lines.map((row) => row.file));
      return profile;
    };
    return {
      read: async (final) => {
        // Beside the reading: the two take about as long.
        if (final && this.worker === worker) packing ??= this.pack(runFolder);
        const reading = await worker.poll(final);
        wasRead ||= reading.processes > 0;
        return reading;
      },
      show: async () => {
        const profile = await snapshot();
        if (this.worker === worker) this.set(profile, sources, { title, path: null, live: true });
        return profile.processes;
      },
      finish: async () => {
        let profile = await snapshot();
        if (this.worker === worker) {
          packing ??= this.pack(runFolder);
          await this.keep(packing, sources);
          profile = await this.asKept(profile);
          this.set(profile, sources, { title, path: null, live: false });
        }
        packing?.abandon();
        return profile;
      },
      abandon: async (exit, why) => {
        packing?.abandon();
        // What was finished stays as it is; another profile may be shown by now.
        if (this.worker !== worker || this.loaded?.live === false) return;
        this.notKept = why;
        const whole = wasRead ? await this.attempt(() => snapshot({ exit, cut: why })) : null;
        if (this.worker !== worker) return;
        const shown = this.loaded && withEnd(this.loaded.index.profile, exit, why);
        const profile = whole ?? shown;
        if (profile !== null) this.set(profile, sources, { title, path: null, live: false });
        else this.forget();
      },
    };
  }

  /**
   * Opens a saved profile or a run folder.
   * @throws ResponseError
   */
  async open(path: string, isBusy: boolean): Promise<LoadedProfile> {
    if (isBusy) {
      const running = this.loaded?.title ?? this.text.profile.theProgram;
      throw new ResponseError(RUN_ERROR.alreadyRunning, this.text.run.alreadyRunning(running));
    }
    let worker: ProfileWorker | null = null;
    try {
      const title = path.split(/[\\/]/).at(-1) ?? path;
      const manifest = readManifest(path);
      worker = this.options.openWorker(path);
      const profile = await worker.snapshot();
      const endMs = Date.parse(profile.startedAt) + profile.wallNs / 1e6;
      const sources = this.sourceFiles(storedHashesOf(manifest), endMs);
      await sources.learn(profile.lines.map((row) => row.file));
      this.forget();
      this.worker = worker;
      this.container = path;
      this.options.log(this.text.profile.opened(path));
      return this.set(profile, sources, { title, path, live: false });
    } catch (error) {
      void worker?.close();
      throw new ResponseError(RUN_ERROR.badProfile, this.text.message(messageOf(error)));
    }
  }

  /** Shows nothing any more. A program that runs goes on, and is shown again by its next events. */
  clear(): void {
    if (this.loaded?.live === true) this.loaded = null;
    else this.forget();
    this.options.onChange();
  }

  /** Another threshold for what is shown. */
  settingsChanged(): void {
    if (!this.loaded) return;
    this.loaded = withMinimum(this.loaded, this.minimumNs());
    this.options.onChange();
  }

  /** Of the comparison while there is one. @throws ResponseError where there is no profile. */
  report(folder: string | null): string {
    const profile = this.published();
    const compared = this.loaded?.compared;
    if (!compared) return reportText(profile, { folder, live: this.loaded?.live === true });
    const names = [compared.title, this.loaded?.title ?? ''] as const;
    return comparisonText(compared.comparison, { names, folder, conditions: [] });
  }

  /**
   * Shows the profile beside a saved one from before; null: on its own again.
   * @throws ResponseError
   */
  async compareWith(path: string | null): Promise<Comparison | null> {
    const { loaded } = this;
    if (path === null) {
      this.endComparison();
      if (loaded?.compared) this.show(withComparison(loaded, null));
      return null;
    }
    const profile = this.finished(this.text.comparison.stillRunning);
    if (!loaded) return null;
    let before: ProfileBefore;
    try {
      const { sources } = loaded;
      before = await ProfileBefore.open(path, this.options.openWorker, { profile, sources });
    } catch (error) {
      throw new ResponseError(RUN_ERROR.badProfile, this.text.message(messageOf(error)));
    }
    // Another profile may be shown by now.
    if (this.loaded?.index !== loaded.index) {
      before.close();
      return null;
    }
    this.endComparison();
    this.before = before;
    const { title, comparison } = before;
    this.show(withComparison(this.loaded, { title, comparison }));
    return comparison;
  }

  /**
   * Writes the profile for another tool.
   * @throws ResponseError
   */
  async exportTo(params: ExportParams): Promise<ExportResult> {
    this.finished(this.text.export.stillRunning);
    try {
      const { notes = [] } = (await this.worker?.export(params)) ?? {};
      return { notes: notes.map(this.text.message) };
    } catch (error) {
      throw new ResponseError(RUN_ERROR.badProfile, this.text.message(messageOf(error)));
    }
  }

  async chart(request: ChartRequest): Promise<ChartResponse> {
    const { worker, loaded, revisionOffset } = this;
    if (!worker || !loaded) return noChart(request);
    if (request.kind === 'comparison') {
      const { title, index } = loaded;
      const view = (await this.before?.view(worker, title, index.profile.wallNs)) ?? null;
      return { kind: 'comparison', view };
    }
    const response = await worker.chart(request);
    return withOffset(response, revisionOffset);
  }

  /**
   * Writes the profile, in the form that the file's ending tells.
   * @throws ResponseError
   */
  async save(path: string): Promise<void> {
    const profile = this.finished(this.text.profile.stillRunning);
    const ending = /\.[^.\\/]*$/.exec(path)?.[0].toLowerCase();
    try {
      if (ending === '.gilscope') await saveContainer(this.keptFile(), path);
      else if (ending === '.json') await saveText(path, `${JSON.stringify(profile)}\n`);
      else if (ending === '.html') await saveText(path, await this.page(profile.findings));
      else throw new Error(this.text.profile.badEnding(path));
    } catch (error) {
      throw new ResponseError(RUN_ERROR.badProfile, this.text.message(messageOf(error)));
    }
  }

  /** At the end of the server. */
  close(): void {
    this.forget();
    this.options.temporary.remove();
  }

  /** @throws Error with words for the user */
  private keptFile(): string {
    const { container, notKept, text } = this;
    if (container !== null) return container;
    throw new Error(text.profile.notKept(text.message(notKept)));
  }

  private async page(findings: Profile['findings']): Promise<string> {
    const data = await collectStandalone((request) => this.chart(request), findings);
    return standalonePage(data, this.options.assetFolder);
  }

  private set(
    profile: Profile,
    sources: SourceFiles,
    what: Pick<LoadedProfile, 'title' | 'path' | 'live'>,
  ): LoadedProfile {
    return this.show(
      loadProfile(profile, sources, { ...what, minimumNs: this.minimumNs(), text: this.text }),
    );
  }

  private show(loaded: LoadedProfile): LoadedProfile {
    this.loaded = loaded;
    this.options.onChange();
    return loaded;
  }

  private endComparison(): void {
    this.before?.close();
    this.before = null;
  }

  /** The profile as it is published, of a run that is over. @throws ResponseError */
  private finished(stillRunning: string): Profile {
    const profile = this.published();
    if (this.loaded?.live !== true) return profile;
    throw new ResponseError(RUN_ERROR.badProfile, stillRunning);
  }

  private pack(runFolder: string): Packing {
    return new Packing((sources) => this.options.temporary.pack(runFolder, sources));
  }

  private async keep(packing: Packing, sources: SourceFiles): Promise<void> {
    try {
      this.container = await packing.finish(sources.toStore());
    } catch (error) {
      // The numbers are there all the same; only saving them is not possible.
      this.notKept = messageOf(error).replace(/\.?$/, '.');
      this.options.log(this.notKept);
    }
  }

  private async attempt<T>(action: () => Promise<T>): Promise<T | null> {
    try {
      return await action();
    } catch (error) {
      this.options.log(messageOf(error));
      return null;
    }
  }

  /** What children that go on wrote until it was kept is in the file: that is what is shown, too. */
  private async asKept(profile: Profile): Promise<Profile> {
    if (this.container === null || !profile.processes.some(({ running }) => running))
      return profile;
    const worker = this.options.openWorker(this.container);
    try {
      const kept = await worker.snapshot();
      void this.worker?.close();
      this.worker = worker;
      this.revisionOffset += REVISIONS_PER_PROFILE;
      return kept;
    } catch (error) {
      void worker.close();
      this.options.log(messageOf(error));
      return profile;
    }
  }

  /** The profile as it is published: with the budgets that were broken. */
  private published(): Profile {
    if (!this.loaded) throw new ResponseError(RUN_ERROR.badProfile, this.text.profile.none);
    return { ...this.loaded.index.profile, findings: this.loaded.findings };
  }

  private forget(): void {
    this.loaded = null;
    this.endComparison();
    void this.worker?.close();
    this.worker = null;
    this.container = null;
    this.revisionOffset += REVISIONS_PER_PROFILE;
    this.options.temporary.remove();
  }

  private sourceFiles(
    stored: Readonly<Record<string, string>>,
    recordedUntilMs: number | null,
  ): SourceFiles {
    const onUnknownText = (file: string): void =>
      this.options.log(this.text.profile.textUnknown(file));
    return new SourceFiles({ stored, recordedUntilMs, onUnknownText });
  }

  private get text(): ServerText {
    return this.options.text();
  }

  private minimumNs(): number {
    return this.options.settings().minimumMicroseconds * 1000;
  }
}

/** The same with what is known of its end, where the worker can say nothing any more. */
function withEnd(profile: Profile, exit: ExitStatus, why: string): Profile {
  const [first, ...others] = profile.processes;
  const cut = first && { ...first, damaged: true, messages: [...first.messages, why] };
  return { ...profile, exit, processes: cut ? [cut, ...others] : [] };
}

function withOffset(response: ChartResponse, offset: number): ChartResponse {
  if (response.kind === 'tile') return { ...response, revision: response.revision + offset };
  if (response.kind !== 'meta' || response.meta === null) return response;
  const { meta } = response;
  return { kind: 'meta', meta: { ...meta, revision: meta.revision + offset } };
}
