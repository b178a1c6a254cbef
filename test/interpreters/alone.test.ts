/**
 * Some calls want a process alone with its own threads: user namespaces, which the kernel refuses to a process of several,
 * and changes of the user, which libc makes in the threads that it knows. They do what they do without the probe.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import type { Profile } from '../../server/protocol';
import { assertInvariants } from '../support/invariants';
import type { FoundPython } from '../../scripts/pythons.mjs';
import { inspect, runProbed } from '../support/measured-run';
import { freePythons, oneOfEachMinor, titleOf } from '../support/pythons';
import { markedLine, programPath, runProfile, type ProfileRun } from '../support/run-profile';

const PROGRAM = 'alone.py';
const NOBODY = '65534';
/** So short that it is slept in one piece. */
const PERIOD_NS = 24_000_000;
/** Periods vary by a quarter. */
const SHORTEST_PERIOD = 0.75;
const CALLS = [
  ['unshare'],
  ['setns'],
  ['preexec'],
  ['processes', /could not start its own thread again/],
] as const;

/** What the program said; nothing was lost, and the probe's thread went on after the call, or `message` says otherwise. */
async function said(python: FoundPython, name: string, message?: RegExp): Promise<string> {
  return (await run(python, name, message)).stdout.toString();
}

async function run(python: FoundPython, name: string, message?: RegExp): Promise<ProfileRun> {
  const done = await runProfile({ python: python.path, program: PROGRAM, args: [name] });
  const { profile, stderr, code } = done;
  assert.equal(code, 0, stderr);
  assertInvariants(profile);
  assert.deepEqual(profile.lost, { ...profile.lost, events: 0, reason: null });
  const messages = profile.processes.flatMap((row) => row.messages);
  const ofTheCall = messages.filter((text) => !text.startsWith('Of threads without a GIL'));
  assert.match(ofTheCall.join('\n'), message ?? /^$/);
  if (!python.freeThreaded && !message)
    assert.ok(samplesOf(profile, 'after') > 0, 'no sample after the call');
  return done;
}

function samplesOf({ lines }: Profile, marked: string): number {
  const line = markedLine(PROGRAM, marked);
  const found = lines.find((row) => row.file === programPath(PROGRAM) && row.line === line);
  return found?.samples ?? 0;
}

/** What makes the thread end and begin does not depend on the version: a few, shared and static. */
const some = oneOfEachMinor().filter((_, at) => at % 3 === 0);
for (const python of [...some, ...freePythons().slice(0, 1)]) {
  describe(`calls that want a process alone, ${titleOf(python)}`, () => {
    for (const [name, message] of CALLS) {
      it(`a user namespace: ${name}`, async (context) => {
        const plain = execFileSync(python.path, [programPath(PROGRAM), name]).toString();
        if (plain !== 'ok\n') {
          context.skip(`no user namespaces here: ${plain.trim()}`);
          return;
        }
        assert.equal(await said(python, name, message), plain);
      });
    }

    it('the line of the call gets no more samples than there is time for', async () => {
      const { ended, profile } = await runProbed(
        await inspect(python.path),
        programPath(PROGRAM),
        ['pauses'],
        { samplePeriodNs: PERIOD_NS },
      );
      assert.equal(ended.stdout.toString(), 'ok\n', ended.stderr);
      assert.ok(profile, 'there is no profile');
      const most = 1 + profile.wallNs / (PERIOD_NS * SHORTEST_PERIOD);
      assert.ok(samplesOf(profile, 'pause') <= most, `${samplesOf(profile, 'pause')} of ${most}`);
    });

    it('what the program closes is closed', async () => {
      assert.equal(await said(python, 'descriptors'), '0\nok\n');
    });

    for (const [name, plain] of [
      ['refused', 'refused\nok\n'],
      ['rooted', 'ok\n'],
    ] as const) {
      it(`all is recorded of who has given up root: ${name}`, async (context) => {
        if (process.getuid?.() === 0) assert.equal(await said(python, name), plain);
        else context.skip('not root');
      });
    }

    it('children that had no right to be recorded are counted', async (context) => {
      if (process.getuid?.() !== 0) {
        context.skip('not root');
        return;
      }
      const { profile, stdout } = await run(python, 'children', /could not be recorded \(2\): /);
      assert.equal(stdout.toString(), 'ok\n');
      assert.deepEqual([profile.processes.length, profile.lost.processes], [1, 2]);
    });

    it('no thread keeps the rights of root', async (context) => {
      if (process.getuid?.() !== 0) {
        context.skip('not root');
        return;
      }
      assert.equal(await said(python, 'drop'), `['${NOBODY}']\nok\n`);
    });
  });
}
