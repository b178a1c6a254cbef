import type { JSX } from 'preact';
import type { Finding } from '../../server/protocol';

const PATHS = {
  zoomIn: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.3 7.8 3.7 3.7M7 5v4M5 7h4',
  zoomOut: 'M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9Zm3.3 7.8 3.7 3.7M5 7h4',
  fit: 'M1.5 3v10M14.5 3v10M4 8h8M6 5.5 3.5 8 6 10.5M10 5.5 12.5 8 10 10.5',
  previous: 'M10 3.5 5.5 8l4.5 4.5',
  next: 'M6 3.5 10.5 8 6 12.5',
  collapse: 'M1.5 8h4M14.5 8h-4M3.5 5.5 6 8l-2.5 2.5M12.5 5.5 10 8l2.5 2.5M8 2.5v11',
  curves: 'M1.5 13.5h13M1.5 11c2-6 3-7 4.5-7s2 5 3.5 5 2.5-3 5-5.5',
  information: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM8 7v4M8 4.6v.8',
  warning: 'M8 2 1.8 13.4h12.4L8 2Zm0 4.4v3.4m0 1.5v.8',
  error: 'M8 1.8a6.2 6.2 0 1 0 0 12.4A6.2 6.2 0 0 0 8 1.8ZM5.8 5.8l4.4 4.4m0-4.4-4.4 4.4',
} as const;

export function Icon({ name }: { readonly name: keyof typeof PATHS }): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={PATHS[name]} fill="none" stroke="currentColor" stroke-width="1.2" />
    </svg>
  );
}

export function SeverityIcon(props: {
  readonly severity: Finding['severity'];
  readonly label: string;
}): JSX.Element {
  return (
    <span class={`severity ${props.severity}`} role="img" aria-label={props.label}>
      <Icon name={props.severity} />
    </span>
  );
}
