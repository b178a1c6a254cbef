import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parallelismSection } from '../../../server/profile/parallelism';
import { placeNames } from '../../../server/profile/report-places';
import { emptyProfile } from '../../support/profiles';

/** What the report says of a run of one second; milliseconds. */
function said(onCpu: number, underGil: number, system: number | null, gilEnabled = true): string {
  const profile = emptyProfile();
  const lines = parallelismSection(
    {
      ...profile,
      processes: profile.processes.map((row) => ({ ...row, gilEnabled })),
      parallelism: {
        onCpuNs: onCpu * 1e6,
        underGilNs: underGil * 1e6,
        systemCpuNs: system === null ? null : system * 1e6,
      },
    },
    placeNames(null),
  );
  return lines.join(' ').replace(/\s+/g, ' ');
}

const KNOWN = 'Parallelism On average 1.50 threads were on a CPU, 0.90 of them with the GIL.';

describe('the parallelism in the report', () => {
  it('says what is known of the threads where the system counts about as much, or nothing', () => {
    for (const system of [null, 1490, 1560]) assert.ok(said(1500, 900, system).startsWith(KNOWN));
    assert.doesNotMatch(said(1500, 900, 1560), /The system/);
  });

  it('says what only the system saw', () => {
    const text = said(1500, 900, 3500);
    assert.ok(text.startsWith(KNOWN), text);
    assert.match(
      text,
      /The system counted 3\.5 s of CPU time, 3\.50 CPUs on average: at least 2 s/,
    );
  });

  it('says that threads with the GIL had no CPU', () => {
    const text = said(1500, 900, 600);
    assert.match(text, /1\.50 threads held the GIL or ran native code, 0\.90 of them with the GIL/);
    assert.match(text, /only 600 ms of CPU time, 0\.60 CPUs on average/);
    assert.doesNotMatch(text, /were on a CPU/);
  });

  it('without a GIL says what the system counted: what Python code computes is not known', () => {
    assert.match(said(100, 0, 1900, false), /^Parallelism On average 1\.90 CPUs were busy/);
    assert.equal(said(100, 0, null, false), '');
  });
});
