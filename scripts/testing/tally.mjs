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

/** Moves text under the line above it. */
export function indent(text) {
  return text.trimEnd().replace(/^/gm, '         ');
}
