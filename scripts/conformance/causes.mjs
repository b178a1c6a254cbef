// Why a case may come to something else under the probe: each was looked into.
const causes = [];

/** The cause of a difference, or null. */
export function causeOf(test, id) {
  return causes.find((one) => one.test.test(test) && one.id.test(id))?.cause ?? null;
}
