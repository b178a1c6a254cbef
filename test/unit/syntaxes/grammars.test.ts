import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from '../../../server/profile/report-text';
import { sampleProfile } from '../profile/report-sample';
import { tokenizer, type Token } from './tokenize';

function scopesOf(tokens: readonly Token[], name: string): string[] {
  return tokens.filter(([, scope]) => scope.startsWith(name)).map(([text]) => text);
}

test('the report: places, functions, durations, states, counts, headings', async () => {
  const tokenize = await tokenizer('text.gilscope-report');
  const report = reportText(sampleProfile(), { folder: '/p/my app' });
  const lines = report.split('\n');
  const tokens = tokenize(report);
  const line = (part: string): readonly Token[] => {
    const index = lines.findIndex((text) => text.includes(part));
    assert.ok(index >= 0, `the report has no ${part}`);
    return tokens[index] ?? [];
  };
  const [title = []] = tokens;
  assert.deepEqual(scopesOf(title, 'markup.heading.title'), ['GILscope report']);
  assert.deepEqual(scopesOf(title, 'invalid.deprecated.status'), ['3']);
  assert.deepEqual(scopesOf(line('Most of it'), 'constant.numeric.line'), ['12']);
  assert.deepEqual(scopesOf(line('Most of it'), 'markup.underline.link'), ['app.py:']);
  assert.deepEqual(scopesOf(line('Most of it'), 'entity.name.function'), ['crunch']);
  assert.deepEqual(scopesOf(line('Most of it'), 'constant.numeric.share'), ['95 %']);
  assert.deepEqual(scopesOf(line('warning convoy'), 'keyword.other.severity.warning'), ['warning']);
  assert.deepEqual(scopesOf(line('warning convoy'), 'entity.name.tag.rule'), ['convoy']);
  assert.deepEqual(scopesOf(line('warning convoy'), 'markup.underline.link'), ['app.py:']);
  const blame = line('waited at');
  assert.deepEqual(scopesOf(blame, 'keyword.other.state.wait'), ['wait', 'waited']);
  const pair = tokens[lines.findIndex((text) => text.includes('409'))] ?? [];
  assert.deepEqual(scopesOf(pair, 'markup.underline.link'), ['app.py:', 'app.py:']);
  assert.deepEqual(scopesOf(pair, 'entity.name.function'), ['Poller.run', 'crunch']);
  assert.deepEqual(scopesOf(pair, 'constant.numeric.count'), ['409']);
  assert.deepEqual(scopesOf(pair, 'keyword.other.unit'), ['s', 'ms']);
  assert.deepEqual(scopesOf(line('nobody held'), 'keyword.other.state.hand-off'), ['hand-off']);
  assert.deepEqual(scopesOf(line('1,234'), 'constant.numeric.count'), ['1,234', '410']);
  const headings = lines.filter((text) => /^[A-Z]/.test(text) && !text.startsWith('GILscope'));
  assert.deepEqual(
    tokens.flatMap((row) => scopesOf(row, 'markup.heading.section')),
    headings,
  );
});

test('the report: a path with spaces in a table is one link, numbers are not', async () => {
  const tokenize = await tokenizer('text.gilscope-report');
  const [row = []] = tokenize(
    '   1.9 s  200 ms   2.3 s   /p/my app/a b.py:12 A.f   <string>:3 <module>',
  );
  assert.deepEqual(scopesOf(row, 'markup.underline.link'), ['/p/my app/a b.py:', '<string>:']);
  assert.deepEqual(scopesOf(row, 'entity.name.function'), ['A.f', '<module>']);
  const [plain = []] = tokenize('   1.9 s  200 ms   2.3 s   MainThread');
  assert.deepEqual(scopesOf(plain, 'markup.underline.link'), []);
});

test('budgets: measures, limits, units; what is wrong stands out', async () => {
  const tokenize = await tokenizer('source.python');
  const budget = (text: string): readonly Token[] => tokenize(text)[0] ?? [];
  const good = budget('x = 1  # gilscope: hold < 5ms, max wait<=.5 µs # remark < 5');
  assert.deepEqual(scopesOf(good, 'keyword.other.gilscope-budget'), ['gilscope']);
  assert.deepEqual(scopesOf(good, 'variable.parameter.measure'), ['hold', 'max wait']);
  assert.deepEqual(scopesOf(good, 'keyword.operator.comparison'), ['<', '<=']);
  assert.deepEqual(scopesOf(good, 'constant.numeric'), ['5', '.5']);
  assert.deepEqual(scopesOf(good, 'keyword.other.unit'), ['ms', 'µs']);
  assert.deepEqual(scopesOf(good, 'invalid'), []);
  assert.equal(good.at(-1)?.[1], 'comment.line.number-sign.python');
  for (const [text, wrong] of [
    ['# gilscope: hodl < 5ms', ['hodl']],
    ['# gilscope: hold > 5ms', ['hold', '>']],
    ['# gilscope: hold < 5', ['5']],
    ['# gilscope: hold < 5min', ['5min']],
  ] as const) {
    assert.deepEqual(scopesOf(budget(text), 'invalid'), [...wrong], text);
  }
});

test('budgets: near misses stay plain comments', async () => {
  const tokenize = await tokenizer('source.python');
  for (const text of [
    '# gilscope hold < 5ms',
    '# see gilscope: hold < 5ms',
    '# mygilscope: hold < 5ms',
    '# gilscopes: hold < 5ms',
    's = "# gilscope: hold < 5ms"',
    'gilscope: hold < 5',
  ]) {
    const scopes = (tokenize(text)[0] ?? []).map(([, scope]) => scope);
    assert.ok(!scopes.some((scope) => scope.includes('gilscope')), text);
  }
});
