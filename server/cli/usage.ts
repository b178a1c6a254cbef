export const USAGE = `gilscope: shows where Python threads hold the GIL and where they wait for it

  gilscope run [options] [--] script.py [args…]     profile a program
  gilscope run [options] [--] -m module [args…]
    --python PATH    interpreter (default: the active virtual environment, else python3 on PATH)
    --out FILE       where to keep the profile (default: a new *.gilscope in the current folder)
    --json FILE      also write the profile as JSON ('-': standard output, after the program's own)
    --html FILE      also write one self-contained page with the chart
    --quiet          no report
    --no-children    leave child processes out of the profile
    --check          hold the budgets written in the sources (# gilscope: hold < 5ms)

  gilscope report FILE.gilscope [--json FILE] [--html FILE]
                                                    report on a profile that was kept
  gilscope serve --stdio                            the language server
  gilscope --help | --version

Options of your program come after its name. The report goes to standard error after the program
has ended. The exit status is the program's own (128 + signal when it was killed), 3 when --check
finds a broken budget in a program that succeeded, 125 when gilscope itself failed.
`;
