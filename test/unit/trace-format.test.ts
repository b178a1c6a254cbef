import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import * as format from '../../server/trace/format';

/** The integers that the C header defines, by name without its prefix. */
function cDefinitions(): Map<string, number> {
  const text = readFileSync('server/interpreter/native/trace_format.h', 'utf8');
  const defines = text.matchAll(/^#define GILSCOPE_(\w+) (0x[0-9a-fA-F]+|\d+)u?$/gm);
  return new Map([...defines].map(([, name, value]) => [name ?? '', Number(value)]));
}

function upperSnake(name: string): string {
  return name.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
}

/** The integers of format.ts under the names they have in C. */
function tsDefinitions(): Map<string, number> {
  const found = new Map<string, number>();
  for (const [name, value] of Object.entries(format)) {
    if (typeof value === 'number') found.set(name, value);
    else if (typeof value === 'object')
      for (const [field, number] of Object.entries(value)) {
        found.set(`${name}_${upperSnake(field)}`, number);
      }
  }
  return found;
}

const c = cDefinitions();
const ts = tsDefinitions();
/** Structures whose offsets C has as `struct`s, held to the same by static assertions in trace_layout.h. */
const structures = /^(GIL|CHUNK|THREAD|AGGREGATE|LOCK_ENTRY)_[A-Z0-9_]+$/;

test('the C header and format.ts say the same', () => {
  assert.ok(c.size > 80, `${c.size} definitions`);
  for (const [name, value] of c)
    assert.equal(ts.get(name), value, `${name} of trace_format.h in format.ts`);
  for (const [name, value] of ts) {
    if (!structures.test(name) || c.has(name))
      assert.equal(c.get(name), value, `${name} of format.ts in trace_format.h`);
  }
  const text = readFileSync('server/interpreter/native/trace_format.h', 'utf8');
  assert.ok(text.includes(`#define GILSCOPE_TRACE_MAGIC "${format.TRACE_MAGIC}"`));
});

/** Members of a C struct with their offsets, where every member has its natural alignment. */
function cStructure(name: string): Map<string, number> {
  const text = readFileSync('server/interpreter/native/trace_layout.h', 'utf8');
  const body = new RegExp(`struct ${name} \\{([^}]*)\\}`).exec(text)?.[1] ?? '';
  const members = new Map<string, number>();
  let offset = 0;
  for (const declaration of body.replace(/\/\*.*?\*\//gs, '').split(';')) {
    const match = /^\s*(?:_Atomic )?(u?int32_t|uint64_t|uint8_t|char) (.+)$/s.exec(declaration);
    if (match === null) continue;
    const size = match[1]?.includes('64') ? 8 : match[1]?.includes('32') ? 4 : 1;
    for (const member of (match[2] ?? '').split(',')) {
      const [, field = '', count] = /^\s*(\w+)(?:\[(\w+)\])?\s*$/.exec(member) ?? [];
      offset = Math.ceil(offset / size) * size;
      members.set(field.toUpperCase(), offset);
      const times =
        count === undefined ? 1 : Number(count) || ts.get(count.replace('GILSCOPE_', ''));
      offset += size * (times ?? 0);
    }
  }
  return members;
}

for (const [structure, table, prefix] of [
  ['trace_header', format.HEADER, 'HEADER'],
  ['gil_entry', format.GIL, 'GIL'],
  ['thread_entry', format.THREAD, 'THREAD'],
  ['chunk_header', format.CHUNK, 'CHUNK'],
  ['aggregate_entry', format.AGGREGATE, 'AGGREGATE'],
  ['lock_entry', format.LOCK_ENTRY, 'LOCK_ENTRY'],
] as const) {
  test(`struct ${structure} has the offsets of ${prefix}`, () => {
    const members = cStructure(structure);
    for (const [field, offset] of Object.entries(table))
      assert.equal(members.get(upperSnake(field)), offset, `${prefix}.${field}`);
  });
}
