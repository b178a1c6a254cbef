/** Keys of `when` and `enablement` in the manifest. They live in the window and outlive the extension host. */
export const CONTEXT_AT_START = {
  running: false,
  hasProfile: false,
  comparing: false,
  hasRecent: false,
} as const;
