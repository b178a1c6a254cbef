import {
  CodeLensRefreshRequest,
  DidChangeConfigurationNotification,
  InlayHintRefreshRequest,
  TextDocuments,
  TextDocumentSyncKind,
  type Connection,
  type InitializeParams,
  type InitializeResult,
} from 'vscode-languageserver';
import { TextDocument } from 'vscode-languageserver-textdocument';
import { METHOD } from '../protocol';
import type { ServerSettings } from '../protocol-run';
import { version } from '../../package.json';
import { abilitiesOf, foldersOf, NO_ABILITIES, type ClientAbilities } from './client-abilities';
import { CurrentProfile, type CurrentProfileOptions } from './current-profile';
import { DocumentViews } from './document-views';
import { answerEditor } from './editor-requests';
import { pathOfUri, uriOfPath } from './file-paths';
import { answerGilscope } from './gilscope-requests';
import { summaryOf } from './loaded-profile';
import { NO_PROGRESS, type ProgressDisplay } from './progress';
import { PublishedDiagnostics } from './published-diagnostics';
import { RunControl } from './run-control';
import { answerCommands, SERVER_COMMAND } from './server-commands';
import type { ServerState } from './server-state';
import { DEFAULT_SETTINGS, settingsFrom } from './settings';
import { TemporaryFolder } from './temporary-folder';
import { english, type ServerText } from './text';
import { textFor } from './text-languages';

export interface ServerOptions {
  readonly openWorker: CurrentProfileOptions['openWorker'];
  /** Folder of the C part. */
  readonly nativeFolder: string;
  /** Folder of the self-contained page's parts. */
  readonly assetFolder: string;
  /** The environment of programs that the server starts. */
  readonly env: NodeJS.ProcessEnv;
}

/** The language server on one connection. */
export class LanguageServer implements ServerState {
  settings: ServerSettings = DEFAULT_SETTINGS;
  folders: readonly string[] = [];
  readonly views = new DocumentViews();
  readonly profile: CurrentProfile;
  text: ServerText = english;
  private readonly runs: RunControl;
  private readonly documents = new TextDocuments(TextDocument);
  private readonly diagnostics: PublishedDiagnostics;
  /** What the client said at the start; what it says later counts over this. */
  private initial: ServerSettings = DEFAULT_SETTINGS;
  private abilities: ClientAbilities = NO_ABILITIES;
  /** The client knows our own notifications; to another they would be noise. */
  private isKnown = false;

  constructor(
    private readonly connection: Connection,
    options: ServerOptions,
  ) {
    const log = (message: string): void => connection.console.info(message);
    this.profile = new CurrentProfile({
      openWorker: options.openWorker,
      temporary: new TemporaryFolder(),
      assetFolder: options.assetFolder,
      settings: () => this.settings,
      text: () => this.text,
      log,
      onChange: () => this.profileChanged(),
    });
    this.runs = new RunControl({
      profile: this.profile,
      nativeFolder: options.nativeFolder,
      env: options.env,
      settingsFor: (folder) => this.settingsFor(folder),
      showProgress: (title, onCancel) => this.showProgress(title, onCancel),
      log,
      text: () => this.text,
    });
    this.diagnostics = new PublishedDiagnostics(
      (uri, diagnostics) => void connection.sendDiagnostics({ uri, diagnostics }),
    );
  }

  /** Answers from now on. */
  listen(): void {
    const { connection, runs } = this;
    connection.onInitialize((params) => this.initialize(params));
    connection.onInitialized(() => this.initialized());
    connection.onDidChangeConfiguration(({ settings }) => this.configurationChanged(settings));
    connection.onShutdown(() => this.shutdown());
    this.followDocuments();
    answerEditor(connection, this);
    answerGilscope(connection, { state: this, runs, onKnown: () => (this.isKnown = true) });
    answerCommands(connection, this, runs);
    connection.listen();
  }

  /** When the process is about to end: no time is left to ask anybody. */
  dispose(): void {
    this.runs.dispose();
    this.profile.close();
  }

  private async shutdown(): Promise<void> {
    await this.runs.shutdown();
    this.profile.close();
  }

  private initialize(params: InitializeParams): InitializeResult {
    this.abilities = abilitiesOf(params);
    this.folders = foldersOf(params);
    this.text = textFor(params.locale);
    this.initial = settingsFrom(params.initializationOptions, DEFAULT_SETTINGS);
    this.settings = this.initial;
    return {
      serverInfo: { name: 'gilscope', version },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental },
        hoverProvider: true,
        inlayHintProvider: { resolveProvider: true },
        codeLensProvider: { resolveProvider: false },
        executeCommandProvider: { commands: Object.values(SERVER_COMMAND) },
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  }

  private async initialized(): Promise<void> {
    if (this.abilities.configurationRegistration) {
      await this.connection.client.register(DidChangeConfigurationNotification.type, {
        section: 'gilscope',
      });
    }
    if (this.abilities.folders) {
      this.connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        const gone = new Set(removed.map(({ uri }) => pathOfUri(uri)));
        const more = added.map(({ uri }) => pathOfUri(uri)).filter((path) => path !== null);
        this.folders = [...this.folders.filter((path) => !gone.has(path)), ...more];
      });
    }
    this.useSettings(await this.settingsFor(this.folders[0] ?? null));
  }

  /** @param given What the client pushed; many send nothing and want to be asked. */
  private async configurationChanged(given: unknown): Promise<void> {
    const pushed = settingsFrom(given, this.initial);
    const isPushed = typeof given === 'object' && given !== null && 'gilscope' in given;
    this.useSettings(isPushed ? pushed : await this.settingsFor(this.folders[0] ?? null));
  }

  private useSettings(settings: ServerSettings): void {
    this.settings = settings;
    this.profile.settingsChanged();
  }

  /** The settings that count in a folder; those in force where the client cannot tell. */
  private async settingsFor(folder: string | null): Promise<ServerSettings> {
    if (!this.abilities.configuration) return this.settings;
    try {
      const given: unknown = await this.connection.workspace.getConfiguration({
        section: 'gilscope',
        ...(folder === null ? {} : { scopeUri: uriOfPath(folder) }),
      });
      // A client that has nothing to say when asked may have pushed its settings.
      return typeof given === 'object' && given !== null
        ? settingsFrom(given, this.initial)
        : this.settings;
    } catch (error) {
      this.connection.console.warn(String(error));
      return this.settings;
    }
  }

  private followDocuments(): void {
    this.documents.onDidChangeContent(({ document }) => {
      this.views.change(document.uri, document.getText(), this.profile.loaded, this.settings);
      this.diagnostics.update(this.profile.loaded, this.views, this.text);
    });
    this.documents.onDidClose(({ document }) => {
      this.views.close(document.uri);
      this.diagnostics.update(this.profile.loaded, this.views, this.text);
    });
    this.documents.listen(this.connection);
  }

  private profileChanged(): void {
    const { loaded } = this.profile;
    this.views.refresh(loaded, this.settings);
    this.diagnostics.update(loaded, this.views, this.text);
    if (this.isKnown) {
      void this.connection.sendNotification(METHOD.profileChanged, loaded && summaryOf(loaded));
    }
    if (this.abilities.hintRefresh) this.refresh(InlayHintRefreshRequest.type);
    if (this.abilities.lensRefresh) this.refresh(CodeLensRefreshRequest.type);
  }

  /** Makes the client ask again; one that goes away meanwhile need not answer. */
  private refresh(type: typeof InlayHintRefreshRequest.type): void {
    this.connection.sendRequest(type).catch((error: unknown) => {
      this.connection.console.warn(String(error));
    });
  }

  private async showProgress(title: string, onCancel: () => void): Promise<ProgressDisplay> {
    try {
      const progress = await this.connection.window.createWorkDoneProgress();
      progress.begin(title, undefined, undefined, true);
      progress.token.onCancellationRequested(onCancel);
      return {
        report: (message) => progress.report(message),
        done: () => progress.done(),
      };
    } catch (error) {
      this.connection.console.warn(String(error));
      return NO_PROGRESS;
    }
  }
}
