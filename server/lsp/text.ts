import type { Lost } from '../protocol';

const amount = (value: number): string => value.toLocaleString('en-US');
const plural = (count: number, one: string, many: string): string =>
  `${amount(count)} ${count === 1 ? one : many}`;

/** Every text that the language server itself shows, in English. Those of other rooms are in message-texts.ts. */
export const english = {
  serverName: 'GILscope',
  cost: {
    hold: 'hold',
    wait: 'wait',
    blocks: 'blocks',
    off: 'off',
    native: 'native',
    lockWait: 'lock wait',
    lockHold: 'lock hold',
    lockBlocks: 'lock blocks',
  },
  /** Stands after a number whose file was edited since. */
  oldMark: ' (old)',
  hover: {
    headline: (functions: string): string => `**GILscope** · ${functions}`,
    live: '_still running_',
    old: '_the file was edited since_',
    columns: {
      total: 'total',
      self: 'self',
      count: 'count',
      longest: 'longest',
      meaning: 'meaning',
    },
    meaning: {
      hold: 'had the GIL',
      wait: 'wanted the GIL and did not have it',
      blocks: 'others waited while this had the GIL',
      off: 'did without the GIL: blocked, asleep or in native code',
      native:
        'of that, runs without the GIL: on a CPU, in parallel with others; not counting threads of native libraries',
      lockWait: 'wanted a lock that another thread had',
      lockHold: 'had a lock that was taken here',
      lockBlocks: 'others waited for a lock that this had, or whose holder this kept waiting',
    },
    forced: (count: number): string =>
      count === 0 ? '' : `${plural(count, 'time', 'times')} forced to let go`,
    acquires: (count: number, contended: number): string =>
      count === 0
        ? ''
        : `${plural(count, 'acquisition', 'acquisitions')}, ${amount(contended)} contended`,
    blocked: 'Who waited for this line',
    waitedFor: 'Whom this line waited for',
    pair: (total: string, count: number, longest: string, name: string): string =>
      `${total} in ${plural(count, 'wait', 'waits')}, longest ${longest}: ${name}`,
    ofLock: (lock: string): string => ` (lock ${lock})`,
    more: (count: number, total: string): string => `${total} with ${amount(count)} more`,
    handoff: 'hand-off: nobody held it, the wake-up took this long',
    noLines: '**GILscope** · no numbers for lines',
    unknownPlace: 'code without a Python frame',
    onlyBelow: 'All of it is in code that this line calls; its lines say who waited for whom.',
    exact: 'Waits and counts are exact, summed over all threads.',
    exactInPart: 'What was recorded of waits and counts is exact, summed over all threads.',
    samples: (samples: number, percent: number): string =>
      `How a hold splits over the lines inside it is sampled: ${plural(samples, 'sample', 'samples')} here, about ±${percent} %.`,
    noSamples:
      'How a hold splits over the lines inside it is sampled; no sample fell on this line: holds that ended here count as a whole.',
    samplesInAll: (samples: number, percent: number): string =>
      `How a hold splits over the lines inside it is sampled: ${plural(samples, 'sample', 'samples')} here and in what it calls, about ±${percent} %.`,
    noSamplesInAll:
      'How a hold splits over the lines inside it is sampled; no sample fell on this line or what it calls: each hold counts as a whole where it ended.',
    samplesBelow: (samples: number, percent: number): string =>
      `With what it calls: ${plural(samples, 'sample', 'samples')}, about ±${percent} %.`,
    lost: (lost: Lost): string =>
      `Incomplete: ${amount(lost.events)} events and ${amount(lost.samples)} samples were not recorded${lost.reason === null ? '' : ` (${lost.reason})`}.`,
  },
  lens: {
    gil: 'GIL',
    locks: 'Locks',
    both: 'GIL and locks',
    function: (what: string, costs: string, mark: string): string => `${what}: ${costs}${mark}`,
  },
  diagnosticSource: 'gilscope',
  run: {
    alreadyRunning: (title: string): string =>
      `${title} is still being profiled. Stop it first, or wait for its end.`,
    command: (command: string, cwd: string): string => `Starting in ${cwd}: ${command}`,
    found: (executable: string, version: string, by: string): string =>
      `Python ${version} at ${executable} (${by})`,
    settingName: 'the setting gilscope.python',
    configurationName: 'the launch configuration or task',
    progressTitle: (title: string): string => `GILscope: profiling ${title}`,
    starting: 'starting',
    progress: (elapsed: string, events: number, loadPercent: number): string =>
      `${elapsed} · ${plural(events, 'event', 'events')} · GIL held ${loadPercent} %`,
    stopping: 'stopping',
    finished: (title: string, elapsed: string): string => `${title} ended after ${elapsed}.`,
    endedWithStatus: (title: string, code: number, elapsed: string): string =>
      `${title} ended with exit status ${code} after ${elapsed}.`,
    killed: (title: string, signal: string, elapsed: string): string =>
      `${title} was ended by ${signal} after ${elapsed}. What was measured until then is kept.`,
    vanished: (title: string, elapsed: string): string =>
      `${title} ended after ${elapsed}; how was not seen. What was measured until then is kept.`,
    stopped: (title: string, elapsed: string): string =>
      `${title} was stopped after ${elapsed}. What was measured until then is kept.`,
    childrenLeft: (count: number): string =>
      `${plural(count, 'child process of it is', 'child processes of it are')} still running; what they do from here on is not in the profile.`,
    noTrace: (python: string): string =>
      `The program ended before the measuring began, so there is nothing to show. What Python wrote says why; ${python} was used.`,
    stopsOnceStarted: 'stopping the program as soon as it has started; stop again not to wait',
    notSeen: (grace: string): string =>
      `The program was stopped before it had started, and did not appear within ${grace}; there is nothing to show. If its terminal starts it later, it ends at once.`,
    neverStarted: 'The program was stopped before it had started; there is nothing to show.',
    traceGone: (folder: string): string =>
      `The trace in ${folder} was removed while the program ran: what it did from then on is not in the profile. Leave this folder alone while a program runs, and run it again.`,
    endUnread: (reason: string): string =>
      `What the program did last is not in the profile, for it could not be read: ${reason}`,
    readFailed: (reason: string): string => `The measured events could not be read: ${reason}`,
    stopTimedOut: 'A process of the program could not be ended; it may need to be killed by hand.',
    badTarget: 'There is no file or module to profile. Save the file first, or name a module.',
    noFolder: (cwd: string): string =>
      `The working folder ${cwd} is not there. Choose another one to run in.`,
  },
  profile: {
    theProgram: 'The program',
    none: 'There is no profile. Profile a program, or open a saved profile, first.',
    stillRunning:
      'The program is still running. Stop it, or wait for its end, to save its profile.',
    badEnding: (path: string): string =>
      `A profile is saved as *.gilscope, *.json or *.html; ${path} ends with none of these.`,
    notWritten: (path: string, reason: string): string =>
      `The profile cannot be written to ${path}: ${reason}. Choose another place.`,
    notKept: (reason: string): string =>
      `The profile of this run cannot be saved as *.gilscope: ${reason} Save it as *.json or *.html instead.`,
    notOpened: (path: string, reason: string): string => `${path} cannot be opened: ${reason}`,
    textUnknown: (file: string): string =>
      `${file} was changed after the profile was recorded and the profile does not hold what it was, so its lines show no numbers.`,
    opened: (path: string): string => `Opened ${path}`,
    finding: (message: string): string => `Finding: ${message}`,
  },
  comparison: {
    newMark: ' (new)',
    stillRunning:
      'The program is still running. Stop it, or wait for its end, to compare its profile.',
  },
  export: {
    stillRunning:
      'The program is still running. Stop it, or wait for its end, to export its profile.',
  },
  command: {
    badArguments: (command: string): string =>
      `${command} takes one object: {"path" or "module": text, "args": [texts], "cwd": folder} to run, {"path": file} to open or save.`,
    unknown: (command: string): string => `There is no command ${command} in this server.`,
  },
  fault: (reason: string): string => `A fault in GILscope itself: ${reason}. Its log has more.`,
  /** A sentence of another room (a finding, an error) in the language of the user. */
  message: (words: string): string => words,
} as const;

type InAnyLanguage<Texts> = {
  readonly [Name in keyof Texts]: Texts[Name] extends string
    ? string
    : Texts[Name] extends (...values: infer Values) => string
      ? (...values: Values) => string
      : InAnyLanguage<Texts[Name]>;
};

/** The texts in one language: what is not translated does not compile. */
export type ServerText = InAnyLanguage<typeof english>;
