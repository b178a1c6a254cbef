import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createOnigScanner, createOnigString, loadWASM } from 'vscode-oniguruma';
import { INITIAL, parseRawGrammar, Registry, type IRawGrammar } from 'vscode-textmate';

/** A piece of a line and its innermost scope. */
export type Token = readonly [text: string, scope: string];

/** Tokenises as VS Code does: with the grammars that the manifest contributes, and a small one for Python comments. */
export async function tokenizer(scopeName: string): Promise<(text: string) => Token[][]> {
  const root = process.cwd();
  const wasm = readFileSync(join(root, 'node_modules/vscode-oniguruma/release/onig.wasm'));
  await loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
  const { grammars } = manifest.contributes;
  const registry = new Registry({
    onigLib: Promise.resolve({ createOnigScanner, createOnigString }),
    getInjections: (scope) =>
      grammars.filter(({ injectTo }) => injectTo?.includes(scope)).map((row) => row.scopeName),
    loadGrammar: (scope) => {
      const path = grammars.find((row) => row.scopeName === scope)?.path;
      if (path === undefined) return Promise.resolve(scope === 'source.python' ? PYTHON : null);
      return Promise.resolve(parseRawGrammar(readFileSync(join(root, path), 'utf8'), path));
    },
  });
  const grammar = await registry.loadGrammar(scopeName);
  if (grammar === null) throw new Error(`no grammar for ${scopeName}`);
  return (text) => {
    let stack = INITIAL;
    return text.split('\n').map((line) => {
      const { tokens, ruleStack } = grammar.tokenizeLine(line, stack);
      stack = ruleStack;
      return tokens.map(({ startIndex, endIndex, scopes }) => [
        line.slice(startIndex, endIndex),
        scopes.at(-1) ?? '',
      ]);
    });
  };
}

interface Manifest {
  readonly contributes: {
    readonly grammars: readonly {
      readonly scopeName: string;
      readonly path: string;
      readonly injectTo?: readonly string[];
    }[];
  };
}

/** Comments and strings, with the scopes that VS Code's own Python grammar gives them. */
const PYTHON: IRawGrammar = parseRawGrammar(
  JSON.stringify({
    scopeName: 'source.python',
    patterns: [
      {
        begin: '(#)',
        beginCaptures: { 1: { name: 'punctuation.definition.comment.python' } },
        end: '($)',
        name: 'comment.line.number-sign.python',
      },
      { begin: '"', end: '"', name: 'string.quoted.single.python' },
    ],
  }),
  'python.json',
);
