import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** The browser that shows the workbench, or null where there is none. CHROMIUM names another. */
export function findChromium(): string | null {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const candidates = [process.env['CHROMIUM'] ?? '', ...names.map((name) => `/usr/bin/${name}`)];
  return candidates.find((path) => path !== '' && existsSync(path)) ?? null;
}

/** Starts it headless, with an empty profile and no way to any other machine. */
export async function launchChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
    ],
  });
}
