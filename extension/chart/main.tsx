import { render } from 'preact';
import { LEVEL_MAX } from '../../server/protocol';
import type { ToChart } from '../../server/protocol-webview';
import { App } from './app';
import './chart.css';
import type { Host, SavedState } from './host';

/** The webview of VS Code as host of the chart. */
function webviewHost(): Host {
  const api = acquireVsCodeApi<SavedState>();
  return {
    levelMax: LEVEL_MAX,
    known: () => null,
    standalone: false,
    post: (message) => api.postMessage(message),
    listen: (receive) =>
      window.addEventListener('message', (event: MessageEvent<ToChart>) => receive(event.data)),
    load: () => api.getState() ?? {},
    save: (state) => void api.setState(state),
  };
}

render(<App host={webviewHost()} />, document.getElementById('app') ?? document.body);
