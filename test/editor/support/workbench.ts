import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FrameLocator, Page } from 'playwright-core';

/** Text that the extension drew behind a line, as a user sees it. */
export interface InlineText {
  /** 1-based, from the line-number margin. */
  readonly line: number;
  readonly text: string;
}

/** How long anything in the workbench may take to appear; generous, the machine may be busy. */
const patienceMs = 60_000;

/** What a user does and sees in VS Code, by the elements of its page. */
export class Workbench {
  constructor(
    readonly page: Page,
    private readonly port: number,
  ) {
    page.setDefaultTimeout(patienceMs);
  }

  /** Opens a folder; waits until its files are listed. */
  async openFolder(folder: string): Promise<void> {
    const address = new URL(`http://127.0.0.1:${this.port}/`);
    address.searchParams.set('folder', folder);
    await this.page.goto(address.href);
    await this.page.locator('.explorer-folders-view .monaco-list-row').first().waitFor();
  }

  /** Opens a file of the folder; waits until its text is there. */
  async openFile(name: string): Promise<void> {
    await this.page
      .locator(`.explorer-folders-view .monaco-list-row:has-text("${name}")`)
      .dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.page.locator('.editor-instance .view-line').first().waitFor();
  }

  private async openPalette(text: string): Promise<void> {
    await this.page.keyboard.press('Escape');
    await this.page.keyboard.press('F1');
    await this.page.locator('.quick-input-widget input').first().waitFor();
    await this.page.keyboard.type(text);
  }

  private command(title: string): ReturnType<Page['locator']> {
    return this.page.locator(`.quick-input-list .monaco-list-row`, { hasText: title }).first();
  }

  /** Runs a command by its full title, from the palette; waits until there is such a command. */
  async run(title: string): Promise<void> {
    const giveUpAt = Date.now() + patienceMs;
    // What the palette lists was settled when it opened: while the extension starts, ask again.
    while (!(await this.offers(title))) {
      if (Date.now() > giveUpAt) {
        await this.screenshot('gave-up');
        throw new Error(`the palette does not offer ${title}`);
      }
    }
    await this.openPalette(title);
    await this.command(title).waitFor();
    await this.page.keyboard.press('Enter');
  }

  /** Whether the palette offers a command of this title. */
  async offers(title: string): Promise<boolean> {
    await this.openPalette(title);
    const found = this.command(title);
    const nothing = this.page.locator('.quick-input-list .monaco-list-row', {
      hasText: /no matching/i,
    });
    const other = this.page.locator('.quick-input-list .monaco-list-row').first();
    await found.or(nothing).or(other).first().waitFor();
    await found.waitFor({ timeout: 1000 }).catch(() => undefined);
    const offered = (await found.count()) > 0;
    await this.page.keyboard.press('Escape');
    return offered;
  }

  /** The texts at the ends of lines now, by the class names VS Code gives to decorations with content. */
  async inlineTexts(): Promise<InlineText[]> {
    return this.page.evaluate(() => {
      const margin = [...document.querySelectorAll('.editor-instance .margin-view-overlays > div')];
      const top = (element: Element): number => Math.round(element.getBoundingClientRect().top);
      const numbers = new Map(
        margin.map((row) => [top(row), Number(row.querySelector('.line-numbers')?.textContent)]),
      );
      const texts: { line: number; text: string }[] = [];
      for (const line of document.querySelectorAll('.editor-instance .view-lines .view-line')) {
        for (const span of line.querySelectorAll('span span')) {
          const content = getComputedStyle(span, '::after').content;
          if (content === 'none' || content === 'normal' || content === '""') continue;
          texts.push({
            line: numbers.get(top(line)) ?? 0,
            text: content.replace(/^"|"$/g, '').replaceAll('\u00a0', ' ').trim(),
          });
        }
      }
      return texts;
    });
  }

  /** Waits until the texts satisfy a condition; returns them. @throws with what was seen instead. */
  async waitForInlineTexts(
    wanted: (texts: readonly InlineText[]) => boolean | Promise<boolean>,
    what: string,
  ): Promise<InlineText[]> {
    const giveUpAt = Date.now() + patienceMs;
    for (;;) {
      const texts = await this.inlineTexts();
      if (await wanted(texts)) return texts;
      if (Date.now() > giveUpAt) {
        await this.screenshot('gave-up');
        throw new Error(`waited in vain for ${what}; there are ${JSON.stringify(texts)}`);
      }
      await this.page.waitForTimeout(200);
    }
  }

  /** The texts once they no longer change, as those of a live profile do. */
  async settledInlineTexts(): Promise<InlineText[]> {
    let before = '';
    return this.waitForInlineTexts(async (texts) => {
      const same = texts.length > 0 && JSON.stringify(texts) === before;
      before = JSON.stringify(texts);
      await this.page.waitForTimeout(1500);
      return same;
    }, 'times that no longer change');
  }

  /** Rests the pointer on the code of a line; returns the text of the hover. */
  async hover(code: string): Promise<string> {
    const hover = this.page.locator('.monaco-hover:visible .monaco-hover-content');
    await this.page.mouse.move(5, 5);
    await this.page.locator('.editor-instance .view-line', { hasText: code }).hover({
      position: { x: 60, y: 8 },
    });
    await hover.first().waitFor();
    return (await hover.allInnerTexts()).join('\n');
  }

  /** The notifications there are, opened for reading. */
  async notification(text: string): Promise<string> {
    const toast = this.page.locator('.notification-list-item', { hasText: text }).first();
    await toast.waitFor();
    return toast.innerText();
  }

  statusItem(text: string | RegExp): ReturnType<Page['locator']> {
    return this.page.locator('.statusbar-item', { hasText: text });
  }

  /** Waits until no program is profiled any more. */
  async runEnded(): Promise<void> {
    await this.page.locator('.statusbar-item[id$="gilscope.run"]').waitFor({ state: 'hidden' });
  }

  /** The document inside the webview that is shown. */
  webview(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** Keeps a picture in the folder that the run keeps. */
  async screenshot(name: string): Promise<void> {
    const folder = process.env['HARNESS_SCREENSHOTS'] ?? 'build/screenshots';
    mkdirSync(folder, { recursive: true });
    await this.page.screenshot({ path: join(folder, `${name}.png`) });
  }
}
