import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { reportPlaces } from '../../../extension/report-places';

const files = [
  '/home/ü/work space/app.py',
  '/home/ü/work space/lib/app.py',
  '/usr/lib/python3.12/json/encoder.py',
  '/else-where/x.py',
];
const find = (text: string): string[] =>
  reportPlaces(text, files, ['/home/ü/work space']).map(
    ({ start, length, file, line }) => `${text.slice(start, start + length)} → ${file}@${line}`,
  );

describe('places in the report', () => {
  it('are found relative to the folder, as the longest name that fits', () => {
    assert.deepEqual(find('  1 s   lib/app.py:12 f   app.py:3'), [
      'lib/app.py:12 → /home/ü/work space/lib/app.py@12',
      'app.py:3 → /home/ü/work space/app.py@3',
    ]);
  });

  it('are found whole, with blanks in the path', () => {
    assert.deepEqual(find('in /home/ü/work space/app.py:7, and (/else-where/x.py:1)'), [
      '/home/ü/work space/app.py:7 → /home/ü/work space/app.py@7',
      '/else-where/x.py:1 → /else-where/x.py@1',
    ]);
  });

  it('are found in a library by the end of the path', () => {
    assert.deepEqual(find('…/json/encoder.py:50 iterencode'), [
      '…/json/encoder.py:50 → /usr/lib/python3.12/json/encoder.py@50',
    ]);
  });

  it('are none where the profile does not know the file', () => {
    assert.deepEqual(find('other.py:3 myapp.py:3 …/nowhere.py:2 12:30'), []);
    assert.deepEqual(reportPlaces('app.py:3', [], []), []);
  });
});
