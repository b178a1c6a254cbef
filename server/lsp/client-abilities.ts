import type { InitializeParams } from 'vscode-languageserver';
import { pathOfUri } from './file-paths';

/** What the connected editor can do, as far as the server asks. */
export interface ClientAbilities {
  readonly configuration: boolean;
  readonly configurationRegistration: boolean;
  readonly folders: boolean;
  readonly hintRefresh: boolean;
  readonly lensRefresh: boolean;
}

export const NO_ABILITIES: ClientAbilities = {
  configuration: false,
  configurationRegistration: false,
  folders: false,
  hintRefresh: false,
  lensRefresh: false,
};

export function abilitiesOf({ capabilities }: InitializeParams): ClientAbilities {
  const { workspace } = capabilities;
  return {
    configuration: workspace?.configuration === true,
    configurationRegistration: workspace?.didChangeConfiguration?.dynamicRegistration === true,
    folders: workspace?.workspaceFolders === true,
    hintRefresh: workspace?.inlayHint?.refreshSupport === true,
    lensRefresh: workspace?.codeLens?.refreshSupport === true,
  };
}

/** Paths of the folders that are open, from any age of the protocol. */
export function foldersOf(params: InitializeParams): string[] {
  const uris = params.workspaceFolders?.map((folder) => folder.uri) ?? [];
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- editors without several folders send this
  const { rootUri } = params;
  const all = uris.length > 0 ? uris : rootUri === null ? [] : [rootUri];
  return all.map(pathOfUri).filter((path) => path !== null);
}
