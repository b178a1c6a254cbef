import { after, before } from 'node:test';
import type { Browser } from 'playwright-core';
import type { ChartPage } from '../../support/chart-page';
import { openBrowser } from './chart-driver';

/** Set before the first test: to be read in tests and in later hooks, not taken apart where it is made. */
export interface ServedChart {
  readonly browser: Browser;
  readonly url: string;
}

/** Serves a chart, and has a browser for it, as long as the tests of the suite run in which this is called. */
export function serveChart(host: ChartPage): ServedChart {
  let browser: Browser;
  let url: string;
  before(async () => {
    browser = await openBrowser();
    url = await host.start();
  });
  after(async () => {
    await browser.close();
    host.stop();
  });
  return {
    get browser() {
      return browser;
    },
    get url() {
      return url;
    },
  };
}
