import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { chartDocument } from './chart-document';

/** The page that loads the chart from dist/. Nothing but that script, that style sheet and no network. */
export function chartPage(webview: vscode.Webview, dist: vscode.Uri): string {
  const nonce = randomBytes(16).toString('base64');
  const source = (name: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
  ].join('; ');
  const [style, script] = [source('chart.css'), source('chart.js')];
  return chartDocument({ language: vscode.env.language, nonce, policy, style, script });
}
