import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * What the script that runs was called with; `--help` and what it does not take end it with the comment at its top.
 * @param numbers names of options that are numbers from 0 on
 */
export function scriptOptions(options, { numbers = [], allowPositionals = false } = {}) {
  const parsed = parse({ ...options, help: { type: 'boolean', default: false } }, allowPositionals);
  const { values } = parsed;
  if (values.help) {
    console.log(usage());
    process.exit(0);
  }
  for (const name of numbers)
    if (values[name] !== undefined && !(values[name] !== '' && Number(values[name]) >= 0))
      refuse(`--${name} takes a number, not “${values[name]}”.`);
  return parsed;
}

function parse(options, allowPositionals) {
  try {
    return parseArgs({ options, allowPositionals });
  } catch (error) {
    if (!String(error.code).startsWith('ERR_PARSE_ARGS')) throw error;
    return refuse(error.message);
  }
}

function refuse(why) {
  console.error(`${why}\n\n${usage()}`);
  process.exit(2);
}

function usage() {
  const lines = readFileSync(process.argv[1], 'utf8').split('\n');
  const end = lines.findIndex((line) => !line.startsWith('//'));
  return lines
    .slice(0, end)
    .map((line) => line.replace(/^\/\/ ?/, ''))
    .join('\n');
}
