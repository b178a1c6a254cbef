import type { ServerSettings } from '../protocol-run';
import type { CurrentProfile } from './current-profile';
import type { DocumentViews } from './document-views';
import type { ServerText } from './text';

/** What the handlers of requests look at. */
export interface ServerState {
  readonly settings: ServerSettings;
  /** Paths of the folders that are open. */
  readonly folders: readonly string[];
  readonly profile: CurrentProfile;
  readonly views: DocumentViews;
  /** In the language of the user. */
  readonly text: ServerText;
}
