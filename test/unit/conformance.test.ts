/** What the comparison of test-suites rests on: reading the reports, and telling unsteady from different. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compareOutcomes } from '../support/compare-outcomes';
import { parseJunit } from '../support/junit';

describe('JUnit reports', () => {
  it("regrtest's", () => {
    const xml =
      '<testsuites><testsuite tests="4"><testcase name="test.a.T.one" status="run" result="completed" time="0.1" />' +
      '<testcase name="test.a.T.two" status="run" result="completed" time="1"><failure type="x">a &lt;b&gt;</failure></testcase>' +
      '<testcase name="test.a.T.three (i=&quot;&lt;x&gt;&quot;)" status="run" result="skipped"><skipped>no</skipped></testcase>' +
      '<testcase name="test.a.T.four" status="run" result="UNEXPECTED_SUCCESS"><system-out>said</system-out></testcase>' +
      '</testsuite></testsuites>';
    assert.deepEqual(Object.fromEntries(parseJunit(xml)), {
      'test.a.T.one': 'passed',
      'test.a.T.two': 'failure',
      'test.a.T.three (i="<x>")': 'skipped',
      'test.a.T.four': 'UNEXPECTED_SUCCESS',
    });
  });

  it("pytest's, with cases that come twice", () => {
    const xml =
      '<testsuite><testcase classname="tests.t" name="f[&#233;]" time="0"/>' +
      '<testcase classname="tests.t" name="f[&#xe9;]" time="0"><error message="x"></error></testcase></testsuite>';
    assert.deepEqual(Object.fromEntries(parseJunit(xml)), {
      'tests.t.f[é]': 'passed',
      'tests.t.f[é] #2': 'error',
    });
  });

  it('a text that is none has no case', () => {
    assert.equal(parseJunit('').size, 0);
  });
});

describe('comparison', () => {
  const passed = { a: 'passed', b: 'skipped', c: 'passed' };

  it('of equal runs', () => {
    const { cases, same, skipped, unsteady, different } = compareOutcomes([passed], [passed]);
    assert.deepEqual(
      { cases, same, skipped, unsteady, different },
      { cases: 3, same: 3, skipped: 1, unsteady: [], different: [] },
    );
  });

  it('what both sides came to once is unsteady', () => {
    const failed = { ...passed, c: 'failure' };
    const { same, unsteady, different } = compareOutcomes([passed, failed], [failed, failed]);
    assert.equal(same, 2);
    assert.deepEqual(different, []);
    assert.deepEqual(unsteady, [
      { id: 'c', plain: ['passed', 'failure'], probed: ['failure', 'failure'] },
    ]);
  });

  it('of a run without a report, only the whole', () => {
    const ended = { '(the whole)': 'status 0', a: 'passed' };
    const cut = { '(the whole)': 'no end in 9 s' };
    const { cases, same, different } = compareOutcomes([ended], [cut]);
    assert.deepEqual({ cases, same }, { cases: 2, same: 1 });
    assert.deepEqual(different, [
      { id: '(the whole)', plain: ['status 0'], probed: ['no end in 9 s'] },
    ]);
  });

  it('what only one side came to, and what it did not run, is different', () => {
    const failed = { a: 'passed', b: 'skipped', c: 'error', d: 'passed' };
    const { different } = compareOutcomes([passed, passed], [failed]);
    assert.deepEqual(different, [
      { id: 'c', plain: ['passed', 'passed'], probed: ['error'] },
      { id: 'd', plain: ['not run', 'not run'], probed: ['passed'] },
    ]);
  });
});
