/** What is incomplete is known as such, and what is complete is not doubted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lost, Profile, ProcessRow } from '../../../server/protocol';
import { doubtsOf, isWithoutDoubt, type Doubts } from '../../../server/profile/doubts';
import { emptyProfile, NOTHING_LOST } from '../../support/profiles';

const losing = (more: Partial<Lost>): Profile =>
  emptyProfile({ lost: { ...NOTHING_LOST, ...more } });

/** A profile of the processes given, each else as a sound one. */
function processes(...rows: readonly Partial<ProcessRow>[]): Profile {
  const [sound] = emptyProfile().processes;
  assert.ok(sound);
  return emptyProfile({ processes: rows.map((row, at) => ({ ...sound, pid: 100 + at, ...row })) });
}

const broken = emptyProfile({
  findings: [
    { rule: 'invariant-broken', severity: 'error', where: null, message: 'Wrong.', evidence: {} },
  ],
});

const CASES: readonly (readonly [string, Profile, readonly (keyof Doubts)[]])[] = [
  ['a sound run', processes({}), []],
  ['a few missed samples', losing({ samples: 3 }), []],
  ['locks that could not be told apart', losing({ causes: ['lockTableFull'] }), []],
  ['a free-threaded run', processes({ gil: 'none', gilEnabled: false }), []],
  ['an unrecognised GIL', processes({}, { gil: 'unrecognised' }), ['untrusted']],
  ['a clock of unknown rate', processes({}, { clockKnown: false }), ['untrusted']],
  ['sums that do not come out', broken, ['untrusted']],
  ['a process that is missing', losing({ processes: 1 }), ['missing']],
  ['cycles in no number', losing({ events: 2, missing: 2 }), ['missing']],
  ['more interpreters than there is room for', losing({ causes: ['gilTableFull'] }), ['missing']],
  ['a damaged trace', processes({ damaged: true }), ['missing']],
  ['children left out', processes({ childrenLeftOut: true }), ['children']],
  ['no GIL at all', processes({ gil: 'notSeen', frames: 'notYet' }), ['missing']],
  ['an unknown version', processes({}, { frames: 'unknownVersion' }), ['noLines']],
  ['lost stacks', losing({ causes: ['stackTableFull'] }), ['noLines']],
  ['cut stacks', losing({ causes: ['stackCut'] }), ['noLines']],
  ['cycles only in totals', losing({ events: 2, causes: ['bounded'] }), ['split', 'blame']],
  [
    'cycles only in totals beside missing ones',
    losing({ events: 3, missing: 2 }),
    ['missing', 'split', 'blame'],
  ],
];

for (const [name, profile, doubted] of CASES) {
  test(`${name}: ${doubted.join(', ') || 'no doubt'}`, () => {
    const doubts = doubtsOf(profile);
    const found = Object.entries(doubts).filter(([, doubt]) => doubt !== null);
    assert.deepEqual(
      found.map(([kind]) => kind),
      doubted,
    );
    assert.equal(isWithoutDoubt(doubts), doubted.length === 0);
  });
}

test('a Python that ended before it began is not missed where the same one showed its GIL', () => {
  const unseen = { gil: 'notSeen', frames: 'notYet' } as const;
  assert.equal(doubtsOf(processes({}, unseen)).missing, null);
  assert.equal(doubtsOf(processes({}, unseen)).noLines, null);
  assert.notEqual(doubtsOf(processes({}, { ...unseen, executable: '/opt/python' })).missing, null);
  assert.notEqual(doubtsOf(processes({}, { ...unseen, python: '3.9.1' })).missing, null);
});
