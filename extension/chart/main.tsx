import { render } from 'preact';
import { LEVEL_MAX } from '../../server/protocol-chart';
import type { ToChart } from '../../server/protocol-webview';
import { App } from './app';
import './chart.css';
import type { Host, SavedState } from './host';

/** What the page did before this script: see extension/chart-document.ts. */
interface GreetedWindow extends Window {
  readonly gilscope: {
    readonly api: ReturnType<typeof acquireVsCodeApi<SavedState>>;
    readonly listen: (receive: (message: ToChart) => void) => void;
  };
}

/** The webview of VS Code as host of the chart. */
function webviewHost(): Host {
  const { api, listen } = (window as unknown as GreetedWindow).gilscope;
  return {
    levelMax: LEVEL_MAX,
    known: () => null,
    standalone: false,
    post: (message) => api.postMessage(message),
    listen,
    load: () => api.getState() ?? {},
    save: (state) => void api.setState(state),
  };
}

render(<App host={webviewHost()} />, document.getElementById('app') ?? document.body);
