import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  changePercent,
  checkCondition,
  conditionText,
  parseCondition,
} from '../../../server/profile/compare/conditions';
import {
  type ComparedProfile,
  compareProfiles,
} from '../../../server/profile/compare/compare-profiles';
import type { Profile } from '../../../server/protocol';
import type { ComparedMetric, Comparison } from '../../../server/protocol-comparison';
import { emptyProfile } from '../../support/profiles';

function comparisonOf(metric: ComparedMetric, before: number, after: number): Comparison {
  const side = { profile: emptyProfile(), lineHashes: () => null };
  const empty = compareProfiles(side, side);
  return { ...empty, totals: { ...empty.totals, [metric]: { before, after, spread: 5 } } };
}

describe('conditions of --fail-if', () => {
  it('are about the change where they have a sign or a percent, else about the number after', () => {
    const cases: [string, number, number, boolean][] = [
      ['wait>+10%', 100, 110, false],
      ['wait>+10%', 100, 111, true],
      ['wait >= +10%', 100, 110, true],
      ['wait>10%', 100, 111, true],
      ['WAIT>+0%', 100, 100, false],
      ['wait>+10%', 0, 1, true],
      ['wait>+10%', 0, 0, false],
      ['wait<-50%', 100, 40, true],
      ['wait<-50%', 100, 60, false],
      ['hold>+50ns', 100, 151, true],
      ['hold>+50ns', 100, 150, false],
      ['hold>-50ns', 100, 60, true],
      ['max-wait>1.5us', 0, 1500, false],
      ['max-wait>=1.5µs', 0, 1500, true],
      ['wall>2min', 0, 120e9 + 1, true],
      ['off<=1s', 5e9, 1e9, true],
      ['contended>+5', 10, 16, true],
      ['switches>15', 1, 15, false],
      ['lock-wait>+1ms', 0, 1e6 + 1, true],
    ];
    for (const [text, before, after, met] of cases) {
      const condition = parseCondition(text);
      const result = checkCondition(condition, comparisonOf(condition.metric, before, after));
      assert.equal(result.met, met, `${text}: ${before} → ${after}`);
      assert.equal(result.withinSpread, Math.abs(after - before) <= 5);
    }
  });

  it('say what is wrong with them', () => {
    const cases: [string, RegExp][] = [
      ['', /not understood\. Write it as wait>\+10%/],
      ['wait', /not understood/],
      ['wait=3ms', /not understood/],
      ['wait>+10%x', /not understood/],
      ['speed>+10%', /about speed, which is not compared; there are wall, hold, wait/],
      ['wait>+10', /needs a unit/],
      ['wait>10km', /needs a unit/],
      ['contended>5ms', /contended is a count/],
    ];
    for (const [text, message] of cases) {
      assert.throws(() => parseCondition(text), { name: 'ConditionError', message });
    }
  });

  it('tell the numbers, and whether they may be chance', () => {
    const condition = parseCondition('wait>+10%');
    const text = (before: number, after: number): string =>
      conditionText(checkCondition(condition, comparisonOf('wait', before, after)));
    assert.equal(text(1e6, 2e6), 'FAIL  wait>+10%: wait 1 ms → 2 ms (+100 %)');
    assert.equal(
      text(10, 12),
      'FAIL  wait>+10%: wait 10 ns → 12 ns (+20 %); so small a difference may be chance',
    );
    assert.equal(
      text(0, 0),
      'ok    wait>+10%: wait 0 ns → 0 ns; so small a difference may be chance',
    );
  });

  it('that nobody can tell count as met, and say why', () => {
    const whole = emptyProfile();
    const [process] = whole.processes;
    assert.ok(process);
    const ran = (more: Partial<Profile>): Profile => emptyProfile(more);
    const lost = { ...whole.lost, events: 7, causes: ['bounded' as const] };
    const missing = { ...lost, missing: 7 };
    const crashed = { code: null, signal: 'SIGSEGV' };
    const cases: [string, Profile, Profile, RegExp | null][] = [
      ['wait>+10%', whole, whole, null],
      [
        'wait>+10%',
        whole,
        ran({ processes: [{ ...process, gil: 'unrecognised' }] }),
        /after: the GIL/,
      ],
      [
        'wait>+10%',
        ran({ processes: [{ ...process, gil: 'notSeen' }] }),
        whole,
        /before: the GIL of/,
      ],
      [
        'wait>+10%',
        whole,
        ran({ lost: { ...whole.lost, processes: 1 } }),
        /after: a process could/,
      ],
      ['wait>+10%', whole, ran({ lost: missing }), /after: GIL cycles are missing/],
      // Waits are in the totals; who is to blame for them is not.
      ['wait>+10%', whole, ran({ lost }), null],
      ['blocks>+10%', whole, ran({ lost }), /after: of some waits it is not known who/],
      ['handoff>+10%', ran({ lost }), whole, /before: of some waits it is not known who/],
      ['wait>+10%', whole, ran({ exit: crashed }), /exit status 0 before, killed by SIGSEGV after/],
      ['wait>+10%', ran({ exit: crashed }), ran({ exit: crashed }), null],
    ];
    for (const [text, before, after, says] of cases) {
      const side = (profile: Profile): ComparedProfile => ({ profile, lineHashes: () => null });
      const comparison = compareProfiles(side(before), side(after));
      const result = checkCondition(parseCondition(text), comparison);
      assert.equal(result.met, says !== null, text);
      if (says === null) {
        assert.match(conditionText(result), /^ok {4}/);
        continue;
      }
      assert.match(result.unknown ?? '', says);
      assert.ok(conditionText(result).startsWith(`???   ${text}: cannot be told, for `));
      assert.match(conditionText(result), says);
    }
  });

  it('percents are short and keep their sign', () => {
    const percent = (before: number, after: number): string | null =>
      changePercent({ before, after, spread: null });
    assert.deepEqual(
      [percent(100, 112), percent(100, 60), percent(1000, 1012), percent(0, 5), percent(8, 8)],
      ['+12 %', '−40 %', '+1.2 %', null, '0 %'],
    );
  });
});
