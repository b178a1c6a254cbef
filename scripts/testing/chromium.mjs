import { existsSync } from 'node:fs';

/** The browser that shows the workbench in tests, or null where there is none. CHROMIUM names another. */
export function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
  const candidates = [process.env.CHROMIUM ?? '', ...names.map((name) => `/usr/bin/${name}`)];
  return candidates.find((path) => path !== '' && existsSync(path)) ?? null;
}
