/** A finished run is packed while it is read: what its sources were is told afterwards, or that it is not kept. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Packing } from '../../server/lsp/packing';
import { readManifest } from '../../server/lsp/profile-files';
import { storedHashesOf } from '../../server/lsp/stored-hashes';
import { TemporaryFolder } from '../../server/lsp/temporary-folder';
import { sampleRun, type SampleRun } from '../support/sample-run';

const folder = mkdtempSync(join(tmpdir(), 'gilscope-packing-'));
const { TMPDIR } = process.env;
let run: SampleRun;

before(() => {
  run = sampleRun('packing');
  process.env['TMPDIR'] = folder;
});
after(() => {
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
  run.remove();
  rmSync(folder, { recursive: true });
});

function begin(temporary: TemporaryFolder) {
  const packed: Promise<string>[] = [];
  const packing = new Packing((sources) => {
    const file = temporary.pack(run.runFolder, sources);
    packed.push(file);
    return file;
  });
  return { packing, packed };
}

function files(): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}

test('the file appears with what its sources were', async () => {
  const temporary = new TemporaryFolder();
  const { packing } = begin(temporary);
  const file = await packing.finish({ '/app.py': 'AAAAAAAAAAA=' });
  assert.deepEqual(storedHashesOf(readManifest(file)), { '/app.py': 'AAAAAAAAAAA=' });
  temporary.remove();
});

test('of a run that is not kept nothing is left', async () => {
  const temporary = new TemporaryFolder();
  const { packing, packed } = begin(temporary);
  packing.abandon();
  await assert.rejects(Promise.all(packed));
  assert.deepEqual(
    files().filter((name) => name.includes('run.gilscope')),
    [],
  );
  await assert.rejects(packing.finish({}), /not kept/);
  temporary.remove();
});
