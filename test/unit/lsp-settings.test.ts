import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DEFAULT_SETTINGS, settingsFrom } from '../../server/lsp/settings';

void test('a client that says nothing has inlay hints and no lenses', () => {
  for (const nothing of [undefined, null, 3, 'x', [], {}]) {
    assert.deepEqual(settingsFrom(nothing, DEFAULT_SETTINGS), DEFAULT_SETTINGS);
  }
  assert.equal(DEFAULT_SETTINGS.inlineMode, 'inlayHint');
  assert.equal(DEFAULT_SETTINGS.codeLens, false);
});

void test('flat names, the section itself, and the nested names of VS Code are all read', () => {
  const flat = settingsFrom({ inlineMode: 'off', python: '/p', codeLens: true }, DEFAULT_SETTINGS);
  assert.deepEqual(flat, { ...DEFAULT_SETTINGS, inlineMode: 'off', python: '/p', codeLens: true });
  assert.equal(
    settingsFrom({ gilscope: { traceFolder: '/t' } }, DEFAULT_SETTINGS).traceFolder,
    '/t',
  );
  const nested = settingsFrom(
    {
      inline: { mode: 'decoration', minimumMicroseconds: 5 },
      codeLens: { enabled: true },
      trace: { maxMegabytes: 16, folder: '/f' },
      sampling: { periodMicroseconds: 250 },
    },
    DEFAULT_SETTINGS,
  );
  assert.deepEqual(nested, {
    ...DEFAULT_SETTINGS,
    inlineMode: 'decoration',
    minimumMicroseconds: 5,
    codeLens: true,
    maxTraceMegabytes: 16,
    traceFolder: '/f',
    sampleMicroseconds: 250,
  });
});

void test('a wrong type or value leaves the setting that is in force', () => {
  const inForce = { ...DEFAULT_SETTINGS, python: '/p', maxTraceMegabytes: 7 };
  const wrong = {
    python: 5,
    inlineMode: 'loud',
    codeLens: 'yes',
    minimumMicroseconds: -1,
    maxTraceMegabytes: Number.NaN,
    traceFolder: null,
  };
  assert.deepEqual(settingsFrom(wrong, inForce), inForce);
});
