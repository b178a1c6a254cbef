import type { StandaloneData } from '../../server/protocol-standalone';
import { render } from 'preact';
import { App } from './app';
import './chart.css';
import { standaloneHost } from './standalone-host';
import type { TimelineController } from './timeline-controller';

/** Width of paper that fits all usual sizes, CSS pixels. */
const PAPER_WIDTH = 680;

function readData(): StandaloneData {
  const text = document.getElementById('gilscope-data')?.textContent;
  if (!text) throw new Error('This page has lost its data (gilscope-data). Export it again.');
  return JSON.parse(text) as StandaloneData;
}

/** Outside VS Code the theme is the system's. */
function followSystemTheme(): void {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = (): void => {
    const printing = document.body.classList.contains('printing');
    document.body.classList.toggle('vscode-dark', dark.matches && !printing);
    document.body.classList.toggle('vscode-light', !dark.matches || printing);
  };
  dark.addEventListener('change', apply);
  window.addEventListener('beforeprint', () => {
    document.body.classList.add('printing');
    apply();
  });
  window.addEventListener('afterprint', () => {
    document.body.classList.remove('printing');
    apply();
  });
  apply();
}

/** On paper all lanes are shown, in light colours, as wide as the paper. */
function fitPaper(timeline: TimelineController): void {
  const { root, scroller, stage } = timeline.elements;
  const redraw = (zoom: string): void => {
    stage.style.height = `${scroller.clientHeight}px`;
    timeline.themeChanged();
    timeline.draw();
    root.style.zoom = zoom;
  };
  window.addEventListener('beforeprint', () => {
    redraw(String(Math.min(1, PAPER_WIDTH / Math.max(1, root.clientWidth))));
  });
  window.addEventListener('afterprint', () => redraw(''));
}

const root = document.getElementById('app') ?? document.body;
try {
  const data = readData();
  followSystemTheme();
  document.body.classList.add('standalone');
  document.title = data.meta.title;
  render(
    <App
      host={standaloneHost(data)}
      bound={(timeline) => {
        if (timeline !== null) fitPaper(timeline);
      }}
    />,
    root,
  );
} catch (error) {
  root.textContent = error instanceof Error ? error.message : String(error);
}
