import * as vscode from 'vscode';

/** What is used of the exports of `ms-python.python`. */
interface PythonApi {
  readonly environments?: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { readonly path: string };
    resolveEnvironment(environment: {
      readonly path: string;
    }): Promise<{ readonly executable: { readonly uri?: vscode.Uri | undefined } } | undefined>;
  };
}

/** What is used of the exports of `ms-python.vscode-python-envs`. */
interface PythonEnvironmentsApi {
  getEnvironment?(scope: vscode.Uri | undefined): Promise<
    | {
        readonly execInfo?: { readonly run?: { readonly executable?: string } };
      }
    | undefined
  >;
}

const PYTHON = 'ms-python.python';
const PYTHON_ENVIRONMENTS = 'ms-python.vscode-python-envs';
/** Another extension that hangs must not hold up a run. */
const PATIENCE_MS = 5000;

/**
 * The interpreter that the user chose in VS Code, asked of whichever Python extension is installed; empty where there is
 * none. Neither extension is needed.
 */
export async function pythonExtensionChoice(
  resource: vscode.Uri | undefined,
  log: vscode.LogOutputChannel,
): Promise<string> {
  for (const [id, ask] of [
    [PYTHON_ENVIRONMENTS, askPythonEnvironments],
    [PYTHON, askPython],
  ] as const) {
    const extension = vscode.extensions.getExtension<unknown>(id);
    if (!extension) continue;
    try {
      const choice = await withPatience(askExtension(extension, resource, ask));
      log.info(`${id} chose ${choice === '' ? 'no interpreter' : choice}`);
      if (choice !== '') return choice;
    } catch (error) {
      log.warn(`${id} did not tell its choice: ${String(error)}`);
    }
  }
  return '';
}

/** Whether the command that lets the user choose an interpreter is there. */
export function canSelectInterpreter(): boolean {
  return vscode.extensions.getExtension(PYTHON) !== undefined;
}

async function askExtension(
  extension: vscode.Extension<unknown>,
  resource: vscode.Uri | undefined,
  ask: (api: unknown, resource: vscode.Uri | undefined) => Promise<string>,
): Promise<string> {
  return ask(extension.isActive ? extension.exports : await extension.activate(), resource);
}

async function askPythonEnvironments(
  api: unknown,
  resource: vscode.Uri | undefined,
): Promise<string> {
  const environment = await (api as PythonEnvironmentsApi | undefined)?.getEnvironment?.(resource);
  return environment?.execInfo?.run?.executable ?? '';
}

async function askPython(api: unknown, resource: vscode.Uri | undefined): Promise<string> {
  const environments = (api as PythonApi | undefined)?.environments;
  if (!environments) return '';
  const active = environments.getActiveEnvironmentPath(resource);
  // The path may be the folder of an environment.
  const resolved = await environments.resolveEnvironment(active);
  return resolved?.executable.uri?.fsPath ?? active.path;
}

async function withPatience<T>(answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new Error(`no answer in ${PATIENCE_MS} ms`));
    }, PATIENCE_MS);
  });
  return Promise.race([answer, tooLong]).finally(() => {
    clearTimeout(timer);
  });
}
