import { messageTranslator } from './message-translator';
import { BUDGETS_ZH_CN } from './message-budgets-zh-cn';
import { DOUBTS_ZH_CN } from './message-doubts-zh-cn';
import { PARTS_ZH_CN, SENTENCES_ZH_CN } from './messages-zh-cn';
import type { ServerText } from './text';

const amount = (value: number): string => value.toLocaleString('en-US');

export const simplifiedChinese: ServerText = {
  serverName: 'GILscope',
  cost: {
    hold: '持有',
    wait: '等待',
    blocks: '阻塞他人',
    off: '释放期间',
    native: '原生代码',
    lockWait: '等待锁',
    lockHold: '持有锁',
    lockBlocks: '锁阻塞他人',
  },
  oldMark: '（旧）',
  hover: {
    headline: (functions) => `**GILscope** · ${functions}`,
    live: '_仍在运行_',
    old: '_此文件之后已被修改_',
    columns: { total: '总计', self: '自身', count: '次数', longest: '最长', meaning: '含义' },
    meaning: {
      hold: '持有 GIL',
      wait: '想要 GIL 但没有得到',
      blocks: '此处持有 GIL 时其他线程在等待',
      off: '不使用 GIL：阻塞、休眠或在原生代码中',
      native: '其中不持有 GIL 而运行：占用 CPU，与其他线程并行；不含原生库自建的线程',
      lockWait: '想要另一个线程持有的锁',
      lockHold: '持有在此处获取的锁',
      lockBlocks: '其他线程等待此处持有的锁，或等待被此处拖住的锁持有者',
    },
    forced: (count) => (count === 0 ? '' : `被迫释放 ${amount(count)} 次`),
    acquires: (count, contended) =>
      count === 0 ? '' : `获取 ${amount(count)} 次，其中 ${amount(contended)} 次有争用`,
    blocked: '谁在等待此行',
    waitedFor: '此行在等待谁',
    pair: (total, count, longest, name) =>
      `${total}，共等待 ${amount(count)} 次，最长 ${longest}：${name}`,
    ofLock: (lock) => `（锁 ${lock}）`,
    more: (count, total) => `另有 ${amount(count)} 项，共 ${total}`,
    handoff: '交接：没有线程持有，唤醒花费了这段时间',
    noLines: '**GILscope** · 没有各行的数据',
    unknownPlace: '没有 Python 栈帧的代码',
    onlyBelow: '全部时间都在此行所调用的代码中；谁在等待谁，见那些代码行。',
    exact: '等待时间和次数是精确的，为所有线程之和。',
    exactInPart: '所记录的等待时间和次数是精确的，为所有线程之和。',
    samples: (samples, percent) =>
      `一次持有如何分配到其中的各行是采样得到的：此处有 ${amount(samples)} 个样本，约 ±${percent} %。`,
    noSamples:
      '一次持有如何分配到其中的各行是采样得到的；没有样本落在此行：在此结束的持有整个计入此行。',
    samplesInAll: (samples, percent) =>
      `一次持有如何分配到其中的各行是采样得到的：此处及其所调用的代码中有 ${amount(samples)} 个样本，约 ±${percent} %。`,
    noSamplesInAll:
      '一次持有如何分配到其中的各行是采样得到的；没有样本落在此行或其所调用的代码上：每次持有整个计入其结束之处。',
    samplesBelow: (samples, percent) =>
      `含其所调用的代码：${amount(samples)} 个样本，约 ±${percent} %。`,
    lost: (lost) =>
      `不完整：有 ${amount(lost.events)} 个事件和 ${amount(lost.samples)} 个样本未被记录${lost.reason === null ? '' : `（${simplifiedChinese.message(lost.reason)}）`}。`,
  },
  lens: {
    gil: 'GIL',
    locks: '锁',
    both: 'GIL 和锁',
    function: (what, costs, mark) => `${what}：${costs}${mark}`,
  },
  diagnosticSource: 'gilscope',
  run: {
    alreadyRunning: (title) => `${title} 仍在分析中。请先停止它，或等待它结束。`,
    command: (command, cwd) => `在 ${cwd} 中启动：${command}`,
    found: (executable, version, by) =>
      `Python ${version}，位于 ${executable}（${simplifiedChinese.message(by)}）`,
    settingName: '设置 gilscope.python',
    configurationName: '启动配置或任务',
    progressTitle: (title) => `GILscope：正在分析 ${title}`,
    starting: '正在启动',
    progress: (elapsed, events, loadPercent) =>
      `${elapsed} · ${amount(events)} 个事件 · GIL 被持有 ${loadPercent} %`,
    stopping: '正在停止',
    finished: (title, elapsed) => `${title} 在 ${elapsed} 后结束。`,
    endedWithStatus: (title, code, elapsed) => `${title} 在 ${elapsed} 后以退出状态 ${code} 结束。`,
    killed: (title, signal, elapsed) =>
      `${title} 在 ${elapsed} 后被 ${signal} 终止。此前测得的数据已保留。`,
    vanished: (title, elapsed) =>
      `${title} 在 ${elapsed} 后结束；未能得知如何结束。此前测得的数据已保留。`,
    stopped: (title, elapsed) => `${title} 在 ${elapsed} 后被停止。此前测得的数据已保留。`,
    childrenLeft: (count) =>
      `它的 ${amount(count)} 个子进程仍在运行；它们此后的行为不在分析记录中。`,
    noTrace: (python) =>
      `程序在测量开始之前就结束了，因此没有可显示的内容。原因见 Python 的输出；使用的是 ${python}。`,
    stopsOnceStarted: '程序一启动就将其停止；再次停止则不再等待',
    notSeen: (grace) =>
      `程序在启动之前就被停止，并且在 ${grace} 内没有出现；没有可显示的内容。如果其终端之后才启动它，它会立即结束。`,
    neverStarted: '程序在启动之前就被停止；没有可显示的内容。',
    traceGone: (folder) =>
      `${folder} 中的跟踪数据在程序运行期间被删除：程序此后的行为不在分析记录中。程序运行期间请勿改动此文件夹，然后重新运行。`,
    endUnread: (reason) => `程序最后的行为不在分析记录中，因为无法读取：${reason}`,
    readFailed: (reason) => `无法读取测得的事件：${reason}`,
    stopTimedOut: '程序的一个进程无法终止；可能需要手动终止它。',
    badTarget: '没有可分析的文件或模块。请先保存文件，或指定一个模块。',
    noFolder: (cwd) => `工作文件夹 ${cwd} 不存在。请选择另一个运行位置。`,
  },
  profile: {
    theProgram: '程序',
    none: '还没有分析记录。请先分析一个程序，或打开已保存的分析记录。',
    stillRunning: '程序仍在运行。请停止它或等待它结束，然后再保存分析记录。',
    badEnding: (path) =>
      `分析记录可保存为 *.gilscope、*.json 或 *.html；${path} 不以其中任何一个结尾。`,
    notWritten: (path, reason) => `无法将分析记录写入 ${path}：${reason}。请选择另一个位置。`,
    notKept: (reason) =>
      `此次运行的分析记录无法保存为 *.gilscope：${reason}请改为保存为 *.json 或 *.html。`,
    notOpened: (path, reason) => `无法打开 ${path}：${reason}`,
    textUnknown: (file) =>
      `${file} 在分析记录生成之后被修改，而记录中没有它原来的内容，因此其各行不显示数据。`,
    opened: (path) => `已打开 ${path}`,
    finding: (message) => `诊断结果：${message}`,
  },
  comparison: {
    newMark: '（新增）',
    stillRunning: '程序仍在运行。请停止它或等待它结束，然后再比较分析记录。',
  },
  export: {
    stillRunning: '程序仍在运行。请停止它或等待它结束，然后再导出分析记录。',
  },
  command: {
    badArguments: (command) =>
      `${command} 需要一个对象：运行用 {"path" 或 "module": 文本, "args": [文本], "cwd": 文件夹}，打开或保存用 {"path": 文件}。`,
    unknown: (command) => `此服务器没有命令 ${command}。`,
  },
  fault: (reason) => `GILscope 自身出错：${reason}。详情见其日志。`,
  message: messageTranslator(
    [...BUDGETS_ZH_CN, ...SENTENCES_ZH_CN],
    [...DOUBTS_ZH_CN, ...PARTS_ZH_CN],
    '；',
  ),
};
