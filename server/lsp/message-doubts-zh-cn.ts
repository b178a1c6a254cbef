import type { MessagePair } from './message-translator';

/** Why something cannot be told, as parts of sentences. */
export const DOUBTS_ZH_CN: readonly MessagePair[] = [
  ['the GIL of this Python was not recognised', '未能识别此 Python 的 GIL'],
  ['the measured events contradict each other', '测得的事件互相矛盾'],
  ['a process ended before its clock was known', '有进程在得知其时钟之前就结束了'],
  ['a process could not be recorded or read', '有进程无法记录或读取'],
  [
    'the GIL of a process was not seen, so that nothing of it was measured',
    '没有发现某个进程的 GIL，因此它没有任何测量数据',
  ],
  ['GIL cycles are missing from all numbers', '所有数字中都缺少一些 GIL 周期'],
  ['the trace of a process is damaged or cut', '某个进程的跟踪数据已损坏或被截断'],
  ['child processes were left out', '没有记录子进程'],
  [
    'part of the run is kept as totals, in which a long hold counts as a whole where it ended',
    '此次运行有一部分只有总计，其中长时间的持有全部计在其结束处',
  ],
  [
    'no hold was sampled, so that each counts as a whole where it ended',
    '没有对任何持有采样，因此每次持有都全部计在其结束处',
  ],
  ['a process of this run has no lines', '此次运行中有进程没有各行的数据'],
  ['stacks are missing, so that costs may be on no line', '缺少一些栈，因此开销可能不在任何行上'],
  [
    'stacks were cut, so that totals of outer lines are too small',
    '有些栈被截断，因此外层各行的总计偏小',
  ],
  ['of some waits it is not known who held the GIL', '有些等待不知道是谁持有 GIL'],
];
