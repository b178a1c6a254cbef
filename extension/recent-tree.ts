import * as vscode from 'vscode';
import type { RecentProfile, RecentProfiles } from './recent-profiles';

export const RECENT_VIEW = 'gilscope.recent';

/** The tree of the profiles that were kept, newest first. */
export class RecentTree implements vscode.TreeDataProvider<RecentProfile>, vscode.Disposable {
  private readonly registration: vscode.Disposable;
  readonly onDidChangeTreeData: vscode.Event<void>;

  constructor(private readonly recent: RecentProfiles) {
    this.onDidChangeTreeData = recent.onDidChange;
    this.registration = vscode.window.registerTreeDataProvider(RECENT_VIEW, this);
  }

  getChildren(): RecentProfile[] {
    return [...this.recent.all];
  }

  getTreeItem(profile: RecentProfile): vscode.TreeItem {
    const item = new vscode.TreeItem(profile.title);
    const when = new Date(profile.at).toLocaleString(vscode.env.language);
    const seconds = (profile.wallNs / 1e9).toFixed(1);
    item.id = profile.path;
    item.description = vscode.l10n.t('{0} · {1} s', when, seconds);
    item.tooltip = vscode.l10n.t(
      '{0}, {1}: ran {2} s, findings: {3}',
      profile.title,
      when,
      seconds,
      profile.findings,
    );
    item.iconPath = new vscode.ThemeIcon(profile.findings > 0 ? 'warning' : 'pulse');
    item.contextValue = 'profile';
    item.command = {
      command: 'gilscope.openProfile',
      title: vscode.l10n.t('Open Profile'),
      arguments: [vscode.Uri.file(profile.path)],
    };
    return item;
  }

  dispose(): void {
    this.registration.dispose();
  }
}
