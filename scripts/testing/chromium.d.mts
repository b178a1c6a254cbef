/** The browser that shows the workbench in tests, or null where there is none. CHROMIUM names another. */
export function findChromium(): string | null;
