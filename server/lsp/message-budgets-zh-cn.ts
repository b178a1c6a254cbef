import type { MessagePair } from './message-translator';

/** Budgets: broken, not checked, or not understood. */
export const BUDGETS_ZH_CN: readonly MessagePair[] = [
  ['The budget “{0}” could not be checked: {1}.', '预算“{0}”无法检查：{1}。'],
  [
    'Over its budget “{0}”: this line {1} (few samples: {2}). {3}',
    '超出预算“{0}”：此行{1}（样本很少：{2}）。{3}',
  ],
  [
    'Over its budget “{0}”: {1}() {2} (few samples: {3}). {4}',
    '超出预算“{0}”：{1}() {2}（样本很少：{3}）。{4}',
  ],
  ['Over its budget “{0}”: this line {1}. {2}', '超出预算“{0}”：此行{1}。{2}'],
  ['Over its budget “{0}”: {1}() {2}. {3}', '超出预算“{0}”：{1}() {2}。{3}'],
  [
    'The budget “{0}” cannot be checked here: the time passes in what is called, and the longest {1} is known only of the line where it happens. Give a budget for “{2}” instead, or put this one there.',
    '预算“{0}”无法在此处检查：时间花在被调用的代码中，而最长的 {1} 只在其发生的行才知道。请改为给“{2}”设预算，或把此预算放到那里。',
  ],
  [
    'No code follows this budget, so there is nothing to check.',
    '此预算之后没有代码，因此没有可检查的内容。',
  ],
  [
    'A budget counts for a statement or a function; write it on the functions of this class.',
    '预算针对语句或函数；请写在此类的各个函数上。',
  ],
  [
    'A budget begins with “gilscope:”; the colon is missing, so this is not checked: for example “# gilscope: hold < 5ms, wait < 1ms”.',
    '预算以“gilscope:”开头；缺少冒号，因此不会检查：例如“# gilscope: hold < 5ms, wait < 1ms”。',
  ],
  [
    'A budget is missing here: for example “# gilscope: hold < 5ms, wait < 1ms”.',
    '此处缺少预算：例如“# gilscope: hold < 5ms, wait < 1ms”。',
  ],
  [
    '“{0}” is not a budget: for example “# gilscope: hold < 5ms, wait < 1ms”.',
    '“{0}”不是预算：例如“# gilscope: hold < 5ms, wait < 1ms”。',
  ],
  [
    '“{0}” cannot have a budget; give one for hold, wait, blocks, max hold or max wait.',
    '“{0}”不能设预算；可设预算的有 hold、wait、blocks、max hold 和 max wait。',
  ],
  [
    'A budget is an upper limit: write “<” or “<=” instead of “{0}”.',
    '预算是上限：请写“<”或“<=”，而不是“{0}”。',
  ],
  [
    'Nothing is below zero; write “{0} <= 0ns” where there must be none.',
    '没有小于零的值；如果必须为零，请写“{0} <= 0ns”。',
  ],
  [
    '“{0}” is not a time; write a number and one of ns, us, µs, ms, s.',
    '“{0}”不是时间；请写一个数字加 ns、us、µs、ms、s 之一。',
  ],
  [
    '“{0}” has no unit; write one of ns, us, µs, ms, s after the number.',
    '“{0}”没有单位；请在数字后写 ns、us、µs、ms、s 之一。',
  ],
  [
    '“{0}” is not a unit of time; use ns, us, µs, ms or s.',
    '“{0}”不是时间单位；请使用 ns、us、µs、ms 或 s。',
  ],
];
