import { COMPARED_METRICS } from '../protocol-comparison';
import { EXPORT_COSTS, EXPORT_FORMATS, EXPORT_TABLES } from '../protocol-export';

const RUN = `  gilscope run [options] [--] script.py [args…]     profile a program
  gilscope run [options] [--] -m module [args…]
    --python PATH    interpreter (default: the active virtual environment, else python3 on PATH)
    --out FILE       where to keep the profile (default: a new *.gilscope in the current folder)
    --json FILE      also write the profile as JSON ('-': standard output, after the program's own)
    --html FILE      also write one self-contained page with the chart
    --quiet          no report
    --no-children    leave child processes out of the profile
    --check          hold the budgets written in the sources (# gilscope: hold < 5ms)
`;

const RUN_NOTES = `Options of your program come after its name. The report goes to standard error after the program
has ended. The exit status is the program's own (128 + signal when it was killed), 3 when --check
finds a broken budget in a program that succeeded, 125 when gilscope itself failed.
`;

const REPORT = `  gilscope report FILE.gilscope [--json FILE] [--html FILE]
                                                    report on a profile that was kept
    --json FILE      write the profile as JSON instead ('-': standard output)
    --html FILE      also write one self-contained page with the chart
`;

const EXPORT = `  gilscope export FILE.gilscope --to FORMAT --out FILE
                                                    write a profile for another tool
    --to FORMAT      ${EXPORT_FORMATS.join(', ')}
    --out FILE       the file to write ('-': standard output)
    --cost COST      of collapsed stacks: ${EXPORT_COSTS.join(', ')} (default: hold)
    --table TABLE    of CSV: ${EXPORT_TABLES.join(', ')} (default: lines)
`;

const COMPARE = `  gilscope compare BEFORE.gilscope AFTER.gilscope [options]
                                                    compare two profiles, by line and thread
    --fail-if COND   status 1 where it is so, or cannot be told: 'wait>+10%', 'hold>+50ms',
                     'max-wait>20ms'; may be given several times, of
                     ${COMPARED_METRICS.slice(0, 9).join(', ')},
                     ${COMPARED_METRICS.slice(9).join(', ')}
    --json FILE      also write the comparison as JSON ('-': standard output, instead of the text)
`;

const SERVE = `  gilscope serve --stdio                            the language server
`;

const TITLE = 'gilscope: shows where Python threads hold the GIL and where they wait for it\n';

/** What `gilscope --help` says, and `gilscope COMMAND --help`. */
export const USAGE = {
  all: `${[TITLE, RUN, REPORT, EXPORT, COMPARE].join('\n')}${SERVE}  gilscope --help | --version\n\n${RUN_NOTES}`,
  run: `${RUN}\n${RUN_NOTES}`,
  report: REPORT,
  export: EXPORT,
  compare: COMPARE,
  serve: SERVE,
} as const;
