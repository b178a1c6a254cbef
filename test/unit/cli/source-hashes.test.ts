import assert from 'node:assert/strict';
import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { sourceHashes } from '../../../server/cli/source-hashes';
import { hashLine } from '../../../server/lsp/source-text';
import { unpackHashes } from '../../../server/lsp/stored-hashes';
import { emptyProfile, lineRow } from '../../support/profiles';
import { temporaryFolder } from '../interpreter/fake-python';

test('a run keeps the lines of its files as they were, of libraries the costliest', (t) => {
  const folder = temporaryFolder(t);
  const library = join(folder, 'site-packages');
  mkdirSync(library);
  const write = (path: string, text: string, seconds: number): string => {
    writeFileSync(path, text);
    utimesSync(path, seconds, seconds);
    return path;
  };
  const startedAt = '2026-01-01T00:00:00.000Z';
  const before = Date.parse(startedAt) / 1000 - 10;
  const own = write(join(folder, 'own.py'), 'a  \nb\r\n', before);
  const late = write(join(folder, 'late.py'), 'a', before + 20);
  // Each is as much as is kept of all libraries.
  const large = 'x\n'.repeat(30_000);
  const costly = write(join(library, 'costly.py'), large, before);
  const cheap = write(join(library, 'cheap.py'), large, before);
  const profile = emptyProfile({
    startedAt,
    lines: [
      lineRow(cheap, 1, 'f', { holdNs: 1 }),
      lineRow(costly, 1, 'f', { holdNs: 2 }),
      lineRow(costly, 2, 'f', { waitNs: 5 }),
      lineRow(own, 1, 'f'),
      lineRow(late, 1, 'f', { holdNs: 9 }),
      lineRow(join(folder, 'gone.py'), 1, 'f', { holdNs: 9 }),
      lineRow('<string>', 1, 'f', { holdNs: 9 }),
    ],
  });
  const kept = sourceHashes(profile);
  assert.deepEqual(Object.keys(kept).sort(), [own, costly].sort());
  assert.deepEqual(
    unpackHashes(kept[own] ?? ''),
    ['a', 'b', ''].map((line) => hashLine(line).slice(0, 16)),
  );
});
