import { spawn, type ChildProcess } from 'node:child_process';
import { resolve as absolute } from 'node:path';
import { pathToFileURL } from 'node:url';

/** A message that came from the server: a notification, or a request of its own. */
export interface Received {
  readonly method: string;
  readonly params: unknown;
}

export interface ClientOptions {
  /** Absent: `node dist/server.js`. */
  readonly command?: readonly string[];
  readonly initializationOptions?: unknown;
  readonly capabilities?: unknown;
  readonly folders?: readonly string[];
  /** Answer to `workspace/configuration` of the section `gilscope`. */
  readonly settings?: unknown;
  readonly env?: NodeJS.ProcessEnv;
  /** The editor's language; absent: it does not say. */
  readonly locale?: string;
}

/** An error answer. */
export class LspError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

interface Waiter {
  readonly matches: (message: Received) => boolean;
  readonly resolve: (message: Received) => void;
  readonly reject: (error: Error) => void;
}

const CAPABILITIES = {
  window: { workDoneProgress: true },
  workspace: {
    configuration: true,
    workspaceFolders: true,
    didChangeConfiguration: { dynamicRegistration: true },
    inlayHint: { refreshSupport: true },
    codeLens: { refreshSupport: true },
  },
};

/** Longer than any message takes; only so that a test that waits in vain ends. */
const PATIENCE_MS = 60_000;

/** A language client without any library: frames JSON-RPC by hand, answers what servers ask of clients. */
export class LspClient {
  /** All that came, in order. */
  readonly received: Received[] = [];
  readonly exited: Promise<number | null>;
  private readonly child: ChildProcess;
  private readonly pending = new Map<number, Pending>();
  private readonly waiters = new Set<Waiter>();
  private buffer = Buffer.alloc(0);
  private nextId = 1;
  stderr = '';

  private constructor(private readonly options: ClientOptions) {
    const [executable = '', ...args] = options.command ?? [
      process.execPath,
      absolute('dist/server.js'),
    ];
    this.child = spawn(executable, args, { env: options.env ?? process.env });
    this.child.stdout?.on('data', (bytes: Buffer) => this.take(bytes));
    this.child.stderr?.on('data', (bytes: Buffer) => (this.stderr += bytes.toString()));
    this.exited = new Promise((done) => {
      this.child.once('exit', (code) => {
        const gone = new Error(`the server ended with ${String(code)}: ${this.stderr}`);
        for (const { reject } of [...this.pending.values(), ...this.waiters]) reject(gone);
        done(code);
      });
    });
  }

  /** Starts a server and does the handshake. */
  static async start(options: ClientOptions = {}): Promise<LspClient> {
    const client = new LspClient(options);
    await client.request('initialize', {
      processId: process.pid,
      rootUri: null,
      capabilities: options.capabilities ?? CAPABILITIES,
      locale: options.locale,
      initializationOptions: options.initializationOptions,
      workspaceFolders:
        options.folders?.map((path) => ({ uri: pathToFileURL(path).href, name: path })) ?? null,
    });
    client.notify('initialized', {});
    return client;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** @throws LspError where the server answers with an error. */
  async request<T = unknown>(method: string, params: unknown): Promise<T> {
    const id = this.nextId++;
    const answer = new Promise<unknown>((done, reject) =>
      this.pending.set(id, { resolve: done, reject }),
    );
    this.send({ id, method, params });
    return (await answer) as T;
  }

  notify(method: string, params: unknown): void {
    this.send({ method, params });
  }

  /** The first message, of those that came or will come, that the test accepts. */
  until<T>(method: string, accepts: (params: T) => boolean = () => true): Promise<T> {
    const matches = (message: Received): boolean =>
      message.method === method && accepts(message.params as T);
    const found = this.received.find(matches);
    if (found) return Promise.resolve(found.params as T);
    return new Promise((done, reject) => {
      const timer = setTimeout(() => {
        const seen = JSON.stringify(this.received.slice(-20), null, 1);
        reject(new Error(`no ${method} came; the last messages: ${seen}`));
      }, PATIENCE_MS);
      const resolve = ({ params }: Received): void => {
        clearTimeout(timer);
        done(params as T);
      };
      this.waiters.add({ matches, resolve, reject });
    });
  }

  all<T>(method: string): T[] {
    return this.received
      .filter((message) => message.method === method)
      .map(({ params }) => params as T);
  }

  open(path: string, text: string, uri = pathToFileURL(path).href): string {
    this.notify('textDocument/didOpen', {
      textDocument: { uri, languageId: 'python', version: 1, text },
    });
    return uri;
  }

  /** Ends the server as an editor does. @returns its exit code */
  async stop(): Promise<number | null> {
    await this.request('shutdown', undefined);
    this.notify('exit', undefined);
    return this.exited;
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Goes away without a farewell. */
  hangUp(): void {
    this.child.stdin?.end();
  }

  private send(message: object): void {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    this.child.stdin?.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.child.stdin?.write(body);
  }

  private take(bytes: Buffer): void {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.buffer.subarray(0, end).toString();
      const length = Number(/Content-Length: (\d+)/i.exec(head)?.[1]);
      if (this.buffer.length < end + 4 + length) return;
      const body = this.buffer.subarray(end + 4, end + 4 + length).toString();
      this.buffer = this.buffer.subarray(end + 4 + length);
      this.dispatch(JSON.parse(body) as Record<string, unknown>);
    }
  }

  private dispatch(message: Record<string, unknown>): void {
    const { id, method, params } = message;
    if (typeof method !== 'string') {
      this.settle(Number(id), message);
      return;
    }
    if (id !== undefined) this.send({ id, result: this.answer(method, params) });
    const received = { method, params };
    this.received.push(received);
    for (const waiter of this.waiters) {
      if (!waiter.matches(received)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(received);
    }
  }

  private settle(id: number, message: Record<string, unknown>): void {
    const pending = this.pending.get(id);
    this.pending.delete(id);
    const error = message['error'] as { code: number; message: string } | undefined;
    if (error) pending?.reject(new LspError(error.code, error.message));
    else pending?.resolve(message['result']);
  }

  private answer(method: string, params: unknown): unknown {
    if (method !== 'workspace/configuration') return null;
    const { items } = params as { items: readonly { section?: string }[] };
    return items.map(({ section }) =>
      section === 'gilscope' ? (this.options.settings ?? null) : null,
    );
  }
}
