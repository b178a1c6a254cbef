import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

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
  return `<!DOCTYPE html>
<html lang="${vscode.env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${source('chart.css')}">
<title>GILscope</title>
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${source('chart.js')}"></script>
</body>
</html>`;
}
