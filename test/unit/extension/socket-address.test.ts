import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, describe, it } from 'node:test';
import { socketAddress } from '../../../extension/socket-address';

/** Whether the system takes it. */
async function canListen(address: string): Promise<boolean> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(address, resolve);
    });
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

describe('the socket of a terminal', { skip: process.platform === 'win32' }, () => {
  const root = mkdtempSync(join(tmpdir(), 'g'));
  after(() => rmSync(root, { recursive: true, force: true }));

  it('is in the temporary folder, or in a short one where its path would be too long', async () => {
    let [near, far] = [0, 0];
    for (let length = 1; length < 120; length += 1) {
      // Letters of two bytes: it is bytes that count.
      const folder = join(root, 'ü'.repeat(length / 2) + 'x'.repeat(length % 2));
      mkdirSync(folder);
      const address = socketAddress(folder);
      assert.ok(await canListen(address), address);
      if (dirname(address) === folder) near += 1;
      else far += 1;
    }
    assert.ok(near > 0 && far > 0, `${near} ${far}`);
  });
});
