import assert from 'node:assert/strict';
import { it } from 'node:test';
import { UnknownVariableError, substitute } from '../../../extension/variables';

const lookup = (name: string, argument: string | null): Promise<string | undefined> =>
  Promise.resolve(
    { file: '/a b/c.py', env: argument === 'HOME' ? '/home/ü' : '', text: '${file}' }[name],
  );

it('puts values in place of variables, once', async () => {
  assert.equal(await substitute('${file}:${env:HOME}${env:NONE}$', lookup), '/a b/c.py:/home/ü$');
  assert.equal(await substitute('${text}', lookup), '${file}');
  assert.equal(await substitute('$file {file} ${}', lookup), '$file {file} ${}');
});

it('names a variable that nobody knows', async () => {
  await assert.rejects(substitute('a ${nobody:x} b', lookup), (error) => {
    assert.ok(error instanceof UnknownVariableError);
    assert.equal(error.variable, '${nobody:x}');
    return true;
  });
});
