import assert from 'node:assert/strict';
import { it } from 'node:test';
import { parseEnvFile } from '../../../extension/env-file';

it('reads the variables of a .env file', () => {
  const text = [
    '# a comment',
    'PLAIN=one two  # said why',
    ' export EXPORTED = yes',
    "SINGLE='a # b \\n'",
    'DOUBLE="say \\"hi\\"\\nagain" # why',
    'EMPTY=',
    'EQUALS=a=b',
    'not a variable',
    '3D=no',
    'LAST=wins',
    'LAST=truly',
  ].join('\r\n');
  assert.deepEqual(parseEnvFile(text), {
    PLAIN: 'one two',
    EXPORTED: 'yes',
    SINGLE: 'a # b \\n',
    DOUBLE: 'say "hi"\nagain',
    EMPTY: '',
    EQUALS: 'a=b',
    LAST: 'truly',
  });
});
