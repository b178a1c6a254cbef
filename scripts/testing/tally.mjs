// Counts results and says them to a person as they come.

/** Passed, failed and skipped tests of one or more parts. */
export class Tally {
  passed = 0;
  failed = 0;
  skipped = 0;

  /** A test that ran and was right. */
  pass() {
    this.passed += 1;
  }

  /** A test that failed; the error is printed in full. */
  fail(name, error) {
    this.failed += 1;
    console.log(`FAILED   ${name}`);
    if (error) console.log(indent(String(error)));
  }

  /** A test, or a named group of tests, that was not run. */
  skip(name, reason) {
    this.skipped += 1;
    console.log(`not run  ${name}${reason ? `: ${reason}` : ''}`);
  }

  add(other) {
    this.passed += other.passed;
    this.failed += other.failed;
    this.skipped += other.skipped;
  }

  /** `N passed, N failed`, and `, N skipped` where there are any. */
  toString() {
    const skipped = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    return `${this.passed} passed, ${this.failed} failed${skipped}`;
  }
}

/**
 * Why nothing more is begun, or null: GILSCOPE_TEST_SECONDS after this process began, so that on a slow machine what was
 * run is told before somebody ends it.
 */
export function whyNoTime() {
  const seconds = Number(process.env.GILSCOPE_TEST_SECONDS || Infinity);
  return process.uptime() < seconds ? null : `after ${seconds} s nothing more is begun`;
}

const LONGEST_RETRY_MS = 3 * 60_000;

/**
 * The tally of a piece of the suite. In CI, where machines are shared and stall for seconds, what failed gets one more
 * run; if that passes, it counts, and the piece is named as unsteady, with what failed at first above it.
 */
export async function twiceInCi(name, runOnce) {
  const startedAt = Date.now();
  const first = await runOnce();
  const isWorthIt = first.failed > 0 && Date.now() - startedAt <= LONGEST_RETRY_MS;
  if (!isWorthIt || !process.env.CI || whyNoTime() !== null) return first;
  const second = await runOnce();
  if (second.failed > 0) return second;
  console.log(`UNSTEADY ${name}: ${first.failed} failed at first, none when run again`);
  return second;
}

/** Moves text under the line above it. */
export function indent(text) {
  return text.trimEnd().replace(/^/gm, '         ');
}
