import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** The way of the data is the layout: interpreter → trace → profile → lsp → protocol ← extension. */
const room = (files, forbidden) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      { patterns: forbidden.map(([regex, message]) => ({ regex, message })) },
    ],
  },
});
const notVscode = ['^vscode$', 'The server also serves editors that are not VS Code.'];
const notClient = ['(^|/)extension/', 'The server knows nothing of the client.'];
const serverRoom = (name) => [`(^|/)${name}/`, `Imports go one way; ${name} comes later.`];

export default tseslint.config(
  { ignores: ['dist/', 'build/', '.cache/', 'node_modules/', 'test/fixtures/'] },
  js.configs.recommended,
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        projectService: { allowDefaultProject: ['eslint.config.mjs'] },
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', package: 'node:test', name: ['test', 'suite', 'describe', 'it'] },
          ],
        },
      ],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/no-non-null-assertion': 'error',
      'no-restricted-syntax': [
        'error',
        { selector: 'ExportDefaultDeclaration', message: 'No default exports.' },
        { selector: 'ExportAllDeclaration', message: 'No barrel files.' },
      ],
      eqeqeq: 'error',
    },
  },
  {
    files: ['**/*.mjs'],
    ...tseslint.configs.disableTypeChecked,
  },
  {
    files: ['**/*.mjs'],
    languageOptions: {
      globals: {
        console: 'readonly',
        process: 'readonly',
        Buffer: 'readonly',
        URL: 'readonly',
        fetch: 'readonly',
        setTimeout: 'readonly',
        clearTimeout: 'readonly',
      },
    },
    rules: { ...tseslint.configs.disableTypeChecked.rules },
  },
  { files: ['eslint.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
  room(
    ['server/protocol*.ts'],
    [['^(?!\\./protocol)', 'The protocol imports nothing but itself.']],
  ),
  room(
    ['server/interpreter/**'],
    [notVscode, notClient, ...['trace', 'profile', 'lsp'].map(serverRoom)],
  ),
  room(
    ['server/trace/**'],
    [
      notVscode,
      notClient,
      ...['interpreter', 'profile', 'lsp'].map(serverRoom),
      ['vscode-', 'The trace knows no editor.'],
    ],
  ),
  room(
    ['server/profile/**'],
    [
      notVscode,
      notClient,
      ...['interpreter', 'lsp'].map(serverRoom),
      ['vscode-', 'The profile knows no editor.'],
    ],
  ),
  room(['server/lsp/**', 'server/cli.ts', 'server/cli/**'], [notVscode, notClient]),
  room(
    ['extension/*.ts', 'extension/!(chart)/**'],
    [['server/(?!protocol)', 'The client shares only server/protocol.ts.']],
  ),
  room(
    ['extension/chart/**'],
    [['server/(?!protocol)', 'The chart shares only server/protocol.ts.'], notVscode],
  ),
);
