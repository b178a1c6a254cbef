import * as vscode from 'vscode';
import type * as Library from 'vscode-languageclient/node';
import type {
  ConfigurationRequest,
  LanguageClient,
  LanguageClientOptions,
} from 'vscode-languageclient/node';
import { METHOD, type ProfileSummary } from '../server/protocol';
import type { RunStatus, ServerSettings } from '../server/protocol-run';
import { isInDiff, watchDiffs } from './diff-views';
import { pythonExtensionChoice } from './python-extension';
import type { Requester, ServerRequests } from './requests';
import { SECTION, serverSettings } from './settings';

/** How the program of a run ended, as its terminal saw it. Both null: nobody saw it. */
export interface ProgramEnd {
  readonly runId: string;
  readonly code: number | null;
  readonly signal: string | null;
}

/** The server did not start or is not there any more; the message says so to the user. */
export class ServerUnavailableError extends Error {}

/** The language server: started by the first request, told the settings, restarted only when asked to. */
export class ServerConnection implements Requester, vscode.Disposable {
  private readonly statusEmitter = new vscode.EventEmitter<RunStatus>();
  private readonly profileEmitter = new vscode.EventEmitter<ProfileSummary | null>();
  private readonly goneEmitter = new vscode.EventEmitter<{ readonly asked: boolean }>();
  private readonly subscriptions: Pick<vscode.Disposable, 'dispose'>[];
  private starting: Promise<LanguageClient> | null = null;
  /** Whether a server has answered and was not asked to stop since. */
  private serving = false;

  private summary: ProfileSummary | null = null;

  readonly onStatus = this.statusEmitter.event;
  readonly onProfileChanged = this.profileEmitter.event;
  /** The server is not there any more, asked to go or not. */
  readonly onGone = this.goneEmitter.event;

  /** @param serverModule absolute path of dist/server.js */
  constructor(
    private readonly serverModule: string,
    private readonly log: vscode.LogOutputChannel,
  ) {
    this.subscriptions = [
      this.statusEmitter,
      this.profileEmitter,
      this.goneEmitter,
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration(SECTION)) void this.sendSettings(undefined);
      }),
      watchDiffs(() => void this.refreshHints()),
    ];
  }

  /** The current profile, null: none. */
  get profile(): ProfileSummary | null {
    return this.summary;
  }

  /**
   * @throws ResponseError of the server, with a code of RUN_ERROR and a message for the user
   * @throws ServerUnavailableError
   */
  async request<M extends keyof ServerRequests>(
    method: M,
    params: ServerRequests[M]['params'],
  ): Promise<ServerRequests[M]['result']> {
    const client = await this.client();
    return client.sendRequest<ServerRequests[M]['result']>(method, params);
  }

  async programEnded(end: ProgramEnd): Promise<void> {
    if (this.starting) await (await this.starting).sendNotification(METHOD.programEnded, end);
  }

  /** Tells a running server the settings that count for this file. */
  async sendSettings(resource: vscode.Uri | undefined): Promise<void> {
    if (!this.starting) return;
    const settings = await this.settings(resource);
    const client = await this.starting;
    await client.sendNotification('workspace/didChangeConfiguration', {
      settings: { [SECTION]: settings },
    });
  }

  /** Starts the server where it is not running. */
  async start(): Promise<void> {
    await this.client();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async stop(): Promise<void> {
    const starting = this.starting;
    this.starting = null;
    if (!starting) return;
    this.serving = false;
    this.setProfile(null);
    this.goneEmitter.fire({ asked: true });
    try {
      await (await starting).dispose();
    } catch (error) {
      this.log.warn(`The server did not stop as asked: ${String(error)}`);
    }
  }

  dispose(): void {
    void this.stop();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private client(): Promise<LanguageClient> {
    this.starting ??= this.launch().catch((error: unknown) => {
      this.starting = null;
      this.log.error(`The server did not start: ${String(error)}`);
      throw new ServerUnavailableError(
        vscode.l10n.t('The GILscope server did not start. The log says why.'),
      );
    });
    return this.starting;
  }

  private async launch(): Promise<LanguageClient> {
    // Loaded when needed: it takes longer than all else of the activation.
    const library = await import('vscode-languageclient/node');
    const client = new library.LanguageClient(
      SECTION,
      'GILscope',
      { module: this.serverModule, transport: library.TransportKind.stdio },
      this.clientOptions(library, await this.settings(undefined)),
    );
    client.onNotification(METHOD.status, (status: RunStatus) => {
      this.statusEmitter.fire(status);
    });
    client.onNotification(METHOD.profileChanged, (summary: ProfileSummary | null) => {
      this.setProfile(summary);
    });
    await client.start();
    this.serving = true;
    return client;
  }

  private clientOptions(
    library: typeof Library,
    initializationOptions: ServerSettings,
  ): LanguageClientOptions {
    const { CloseAction, ErrorAction, RevealOutputChannelOn } = library;
    return {
      documentSelector: [{ scheme: 'file', language: 'python' }],
      outputChannel: this.log,
      revealOutputChannelOn: RevealOutputChannelOn.Never,
      initializationOptions,
      initializationFailedHandler: () => false,
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue, handled: true }),
        closed: () => {
          this.closed();
          return { action: CloseAction.DoNotRestart, handled: true };
        },
      },
      middleware: {
        // The status item shows the progress; the editor's own would be a second one.
        handleWorkDoneProgress: () => undefined,
        // A hint is of a document, not of an editor: while a diff shows it there are none.
        provideInlayHints: (document, range, token, next) =>
          isInDiff(document) ? [] : next(document, range, token),
        workspace: {
          configuration: async (params, token, next) => {
            const answers = await next(params, token);
            if (!Array.isArray(answers)) return answers;
            return Promise.all(
              params.items.map(async (item, i): Promise<unknown> => {
                if (item.section !== SECTION) return answers[i] as unknown;
                return this.settings(item.scopeUri ? vscode.Uri.parse(item.scopeUri) : undefined);
              }),
            ) as ReturnType<ConfigurationRequest.HandlerSignature>;
          },
        },
      },
    };
  }

  private async refreshHints(): Promise<void> {
    if (!this.starting) return;
    const feature = (await this.starting).getFeature('textDocument/inlayHint');
    for (const { document } of vscode.window.visibleTextEditors) {
      feature.getProvider(document)?.onDidChangeInlayHints.fire();
    }
  }

  private async settings(resource: vscode.Uri | undefined): Promise<ServerSettings> {
    const file = resource ?? vscode.window.activeTextEditor?.document.uri;
    const choice = vscode.workspace.isTrusted ? await pythonExtensionChoice(file, this.log) : '';
    return serverSettings(file, choice);
  }

  private setProfile(summary: ProfileSummary | null): void {
    if (this.summary === null && summary === null) return;
    this.summary = summary;
    this.profileEmitter.fire(summary);
  }

  private closed(): void {
    if (!this.serving) return;
    this.serving = false;
    this.starting = null;
    this.log.error('The server stopped without being asked to.');
    this.setProfile(null);
    this.goneEmitter.fire({ asked: false });
  }
}
