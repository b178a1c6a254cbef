/** What a page of the chart is made of. */
export interface ChartDocument {
  readonly language: string;
  /** Of its scripts. */
  readonly nonce: string;
  /** Content security policy. */
  readonly policy: string;
  readonly style: string;
  readonly script: string;
}

/**
 * Runs before anything else is loaded: says that the page is there, so that its profile comes while its script does,
 * and keeps what comes until the script takes it (see extension/chart/main.tsx).
 */
const GREETING = `
  const api = acquireVsCodeApi();
  const come = [];
  let receive = (message) => void come.push(message);
  addEventListener('message', ({ data }) => receive(data));
  api.postMessage({ type: 'ready' });
  window.gilscope = { api, listen: (chart) => { receive = chart; come.splice(0).forEach(chart); } };`;

/** The page that loads the chart. The greeting comes before the style sheet, for which scripts after it have to wait. */
export function chartDocument(
  { language, nonce, policy, style, script }: ChartDocument,
  before = '',
): string {
  return `<!DOCTYPE html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>GILscope</title>
<script nonce="${nonce}">${before}{${GREETING}
}</script>
<link rel="stylesheet" href="${style}">
</head>
<body>
<div id="app"></div>
<script nonce="${nonce}" src="${script}"></script>
</body>
</html>`;
}
