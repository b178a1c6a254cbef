import type { MessagePair } from './message-translator';

/** Findings, what is missing, and why a program could not be started. */
export const SENTENCES_ZH_CN: readonly MessagePair[] = [
  // Findings about the GIL.
  [
    '{0} releases the GIL briefly and then waits {1} to get it back, {2} times, {3} in all{4?}. Do more for each release (larger reads and writes, batches), move the busy work to a process, or lower sys.setswitchinterval().',
    '{0}短暂释放 GIL，然后要等待 {1} 才能重新得到它，共 {2} 次，总计 {3}{4}。请让每次释放做更多的事（更大的读写、批处理），把繁忙的工作移到进程中，或调低 sys.setswitchinterval()。',
  ],
  [
    'Other threads waited {0} for the GIL while this line held it{1?}. Move this work to a process, to code that releases the GIL, or do less of it.',
    '此行持有 GIL 期间，其他线程为它等待了 {0}{1}。请把这项工作移到进程中或会释放 GIL 的代码中，或减少工作量。',
  ],
  [
    'Native code called here keeps the GIL while others wait: {0}, up to {1} at a stretch, where Python code would have let go after {2}. Give it smaller pieces of work, or use a library that releases the GIL, or a process.',
    '此处调用的原生代码在其他线程等待时一直持有 GIL：{0}，一次最长 {1}，而 Python 代码在 {2} 后就会释放。请把工作拆小，或使用会释放 GIL 的库，或使用进程。',
  ],
  [
    'The GIL is not the problem: in {0}, all threads together waited {1} for it. Look at what the code does, or at what it waits for.',
    '问题不在 GIL：在 {0} 中，所有线程总共为它等待了 {1}。请查看代码做了什么，或在等待什么。',
  ],
  [
    'Process {0} ran free-threaded Python {1} without a GIL: nothing waited for one. What threads contend for instead, locks and the locks inside of objects, is under locks.',
    '进程 {0} 运行的是没有 GIL 的自由线程 Python {1}：没有任何线程等待 GIL。线程争用的其他对象（锁以及对象内部的锁）列在锁中。',
  ],
  [
    'Free-threaded Python {0} switched the GIL on again {1} after the start, by {2}: the module does not say that it works without it. From then on threads wait for the GIL. Look for a newer release of the module, or set PYTHON_GIL=0 if you know that it is safe.',
    '自由线程 Python {0} 在启动 {1} 后因{2}重新启用了 GIL：该模块没有声明可以在没有 GIL 时工作。此后线程会等待 GIL。请查找该模块的更新版本；如果确定安全，可设置 PYTHON_GIL=0。',
  ],
  [
    'Threads contend for the lock inside one {0}{1?}: they waited {2}, {3} times. Without a GIL each {4} that several threads change is a lock of its own. Give each thread its own and put them together at the end, or use a queue.',
    '多个线程争用一个 {0} 内部的锁{1}：等待了 {2}，共 {3} 次。没有 GIL 时，被多个线程修改的每个 {4} 本身就是一个锁。请让每个线程使用自己的对象并在最后合并，或使用队列。',
  ],
  [
    'Threads contend for locks inside objects, but only spun, so that it is not known which: they waited {0}, {1} times. Give each thread lists, dicts and objects of its own, and put them together at the end.',
    '多个线程争用对象内部的锁，但只是自旋，因此不知道是哪些对象：等待了 {0}，共 {1} 次。请让每个线程使用自己的列表、字典和对象，并在最后合并。',
  ],
  [
    'Running threads were stopped for one of them {0} times (each thread counts), for {1} in all, {2} at the longest{3?}. The garbage collector, and changes to classes while threads run, stop the world: make fewer cyclic objects (gc.freeze(), a higher gc.set_threshold()), and change classes before the threads start.',
    '运行中的线程为其中一个线程被暂停了 {0} 次（每个线程分别计数），总计 {1}，最长 {2}{3}。垃圾回收以及在线程运行时修改类会暂停所有线程：请减少循环引用的对象（gc.freeze()、更高的 gc.set_threshold()），并在线程启动之前修改类。',
  ],
  [
    'This line of a task blocked its event loop for {0}: the thread slept or waited for I/O without an await, so that no other task could run. Await it, or give it to a thread (asyncio.to_thread).',
    '任务的这一行阻塞了它的事件循环 {0}：线程没有使用 await 就休眠或等待 I/O，因此其他任务都无法运行。请使用 await，或交给线程（asyncio.to_thread）。',
  ],
  // Findings about locks.
  [
    'Threads queue for {0}: {1} % of {2} acquisitions had to wait, {3} on average for holds of {4}. Take it less often (batches, a copy for each thread), or split it into several locks.',
    '多个线程排队等待{0}：{2} 次获取中有 {1} % 需要等待，平均等待 {3}，而平均持有为 {4}。请减少获取次数（批处理、每个线程一份副本），或把它拆成多个锁。',
  ],
  [
    '{0} stays held across an await: for {1} the event loop ran other things meanwhile, and any of them that wants it stops the whole loop.{2?} Use an asyncio.Lock, or let go before the await.',
    '{0}在 await 期间一直被持有：其间事件循环运行了其他任务 {1}，其中任何一个想要它都会使整个循环停住。{2}请使用 asyncio.Lock，或在 await 之前释放。',
  ],
  [
    'This waits for other threads, {0} in all, while it holds {1}, taken at {2}: if they need the lock, all stand still.{3?} Let go of the lock before waiting.',
    '此处持有{1}（在 {2} 获取）的同时等待其他线程，总计 {0}：如果那些线程需要该锁，所有线程都会停住。{3}请在等待之前释放锁。',
  ],
  [
    'Here {0} pass in I/O, sleep or native code while a module is imported under {1}, for {2}.{3?} Import the module before the threads start, or do this at its first use.',
    '此处有 {0} 花在 I/O、休眠或原生代码中，其间正在{1}之下为 {2} 导入一个模块。{3}请在线程启动之前导入该模块，或在首次使用时再做这件事。',
  ],
  [
    'Here {0} pass in I/O, sleep or native code while {1} is held, taken at {2}.{3?} Do this before taking the lock or after letting it go.',
    '此处有 {0} 花在 I/O、休眠或原生代码中，其间一直持有{1}（在 {2} 获取）。{3}请在获取锁之前或释放锁之后做这件事。',
  ],
  [
    'Deadlock: a thread waits for a lock that it holds itself. {0}. Only another thread that releases it could end this. Use an RLock, or do not call this while the lock is held.',
    '死锁：一个线程在等待它自己持有的锁。{0}。只有另一个线程释放它才能结束这种情况。请使用 RLock，或不要在持有该锁时调用此处。',
  ],
  [
    'Deadlock: {0} threads wait for each other. {1}. Take these locks in one order everywhere, or hold only one of them at a time.',
    '死锁：{0} 个线程互相等待。{1}。请在所有地方按同一顺序获取这些锁，或一次只持有其中一个。',
  ],
  [
    'Locks are taken in both orders: {0}. It went well this time; threads that do this at the same moment wait for each other for ever. Take these locks in one order everywhere.',
    '这些锁以两种相反的顺序被获取：{0}。这次没有出事；如果多个线程同时这样做，它们会永远互相等待。请在所有地方按同一顺序获取这些锁。',
  ],
  [
    'Locks are taken in a circle: {0}. It went well this time; threads that do this at the same moment wait for each other for ever. Take these locks in one order everywhere.',
    '这些锁的获取顺序形成了环：{0}。这次没有出事；如果多个线程同时这样做，它们会永远互相等待。请在所有地方按同一顺序获取这些锁。',
  ],
  // Numbers that do not come out.
  [
    'The trace contradicts itself: {0} ({1} times). The events were cut to fit; numbers near them are wrong by as much. Please report this with the profile.',
    '跟踪数据自相矛盾：{0}（{1} 次）。相关事件已被截断以便吻合；其附近的数据有相应的误差。请连同分析记录一起报告此问题。',
  ],
  [
    'Holds and waits that are only in totals are longer than the lives of their threads allow, by {0} ns. Please report this with the profile.',
    '只计入总数的持有和等待比其线程的生存时间所允许的多 {0} ns。请连同分析记录一起报告此问题。',
  ],
  [
    'A sum does not come out for {0}: {1}; expected {2}, got {3}. Do not rely on its numbers, and please report this with the profile.',
    '{0} 的合计不符：{1}；应为 {2}，实为 {3}。请勿依赖它的数据，并连同分析记录一起报告此问题。',
  ],
  // What is missing.
  [
    'Not everything was recorded{0?}. {1}. {2}. {3}. {4}. {5}.',
    '有内容未被记录{0}。{1}。{2}。{3}。{4}。{5}。',
  ],
  [
    'Not everything was recorded{0?}. {1}. {2}. {3}. {4}.',
    '有内容未被记录{0}。{1}。{2}。{3}。{4}。',
  ],
  ['Not everything was recorded{0?}. {1}. {2}. {3}.', '有内容未被记录{0}。{1}。{2}。{3}。'],
  ['Not everything was recorded{0?}. {1}. {2}.', '有内容未被记录{0}。{1}。{2}。'],
  ['Not everything was recorded{0?}. {1}.', '有内容未被记录{0}。{1}。'],
  [
    'No lines for process {0}: GILscope does not know how Python {1} lays out its frames. Hold and wait times of threads are exact.',
    '进程 {0} 没有各行的数据：GILscope 不了解 Python {1} 的栈帧布局。线程的持有和等待时间是精确的。',
  ],
  [
    'No lines for process {0}: reading frames of this Python {1*} failed its self-test (a patched interpreter?). Hold and wait times of threads are exact.',
    '进程 {0} 没有各行的数据：读取此 Python {1} 的栈帧未通过自检（解释器被修改过？）。线程的持有和等待时间是精确的。',
  ],
  [
    'No lines for process {0}: GILscope does not know how Python {1} lays out its frames.',
    '进程 {0} 没有各行的数据：GILscope 不了解 Python {1} 的栈帧布局。',
  ],
  [
    'No lines for process {0}: reading frames of this Python {1*} failed its self-test (a patched interpreter?).',
    '进程 {0} 没有各行的数据：读取此 Python {1} 的栈帧未通过自检（解释器被修改过？）。',
  ],
  [
    'No lines for process {0}: no Python frame had been found when it ended.',
    '进程 {0} 没有各行的数据：它结束时还没有发现 Python 栈帧。',
  ],
  [
    'No GIL of process {0} was seen: it ended before Python began, or this Python {1*} handles its GIL in a way that GILscope does not know. Nothing of it was measured.',
    '没有看到进程 {0} 的 GIL：它在 Python 启动之前就结束了，或此 Python {1} 处理 GIL 的方式是 GILscope 不了解的。没有测量到它的任何数据。',
  ],
  [
    'The trace in {0} was removed while the program ran: what it did from then on is not in the profile. Leave this folder alone while a program runs, and run it again.',
    '{0} 中的跟踪数据在程序运行期间被删除：程序此后的行为不在分析记录中。程序运行期间请勿改动此文件夹，然后重新运行。',
  ],
  [
    'What the program did last is not in the profile, for it could not be read: {0}',
    '程序最后的行为不在分析记录中，因为无法读取：{0}',
  ],
  [
    'The GIL of process {0} was not recognised (Python {1*}): its events cannot be trusted. Use an official CPython 3.9 to 3.15.',
    '未能识别进程 {0} 的 GIL（Python {1}）：其事件不可信。请使用官方的 CPython 3.9 至 3.15。',
  ],
  [
    'Process {0} ended before the rate of its clock was known: all its times are wrong by one and the same factor. Run it again.',
    '进程 {0} 在得知其时钟频率之前就结束了：它的所有时间都差同一个倍数。请重新运行。',
  ],
  // What the probe says in the trace.
  [
    'The probe could not start its own thread: no samples were taken, so long holds are not split over lines, and once the first 4 MB of the trace are full there are only totals.',
    '探针无法启动自己的线程：没有采样，因此长时间的持有没有分配到各行；跟踪数据的前 4 MB 写满后只有总数。',
  ],
  [
    'The program went where the probe could not start its own thread again: from then on no samples were taken, so long holds are not split over lines, and once the room that was ready in the trace is full there are only totals.',
    '程序进入了探针无法重新启动自己线程的环境：此后没有采样，因此长时间的持有没有分配到各行；跟踪数据中已备好的空间写满后只有总数。',
  ],
  [
    "The probe's own thread could not look at stacks: without samples, long holds are not split over lines.",
    '探针自己的线程无法查看调用栈：没有样本，长时间的持有没有分配到各行。',
  ],
  [
    'Python programs that this one starts are not recorded: the path of the probe has a character that LD_PRELOAD cannot carry, and no link to it could be made.',
    '此程序启动的 Python 程序没有被记录：探针的路径含有 LD_PRELOAD 无法传递的字符，且无法创建指向它的链接。',
  ],
  [
    'Child processes were left out, as asked: what they did is not in the profile.',
    '按要求没有记录子进程：它们所做的不在分析记录中。',
  ],
  [
    'The locks of this Python are not as expected: those of threading are not recorded.',
    '此 Python 的锁与预期不同：没有记录 threading 的锁。',
  ],
  [
    'The module {0} of this Python is not as expected: its locks are not recorded.',
    '此 Python 的模块 {0} 与预期不同：没有记录它的锁。',
  ],
  [
    'This run has more waits for processes and executors than are kept ({0}): of the later ones the times are right, but not which process ended them.',
    '此次运行中对进程和执行器的等待多于可保留的数量（{0}）：之后的等待时间正确，但不知道由哪个进程结束。',
  ],
  [
    'This run gave more work to executors than is kept ({0} times): the later times are missing from the work of executors. Hold and wait times are complete.',
    '此次运行交给执行器的工作多于可保留的数量（{0} 次）：执行器的工作中缺少之后的部分。持有和等待时间是完整的。',
  ],
  [
    'Process {0} became another program that was not recorded: what it did from then on is not in the profile, and the exit status is that program’s.',
    '进程 {0} 变成了另一个未被记录的程序：它此后的行为不在分析记录中，退出状态是那个程序的。',
  ],
  [
    'Python programs that process {0} started could not be recorded ({1}): after a change of its user or its root they cannot write to the trace.',
    '进程 {0} 启动的 Python 程序无法记录（{1} 个）：在它更改用户或根目录之后，这些程序无法写入跟踪数据。',
  ],
  [
    'Of threads without a GIL it is not recorded how long they are on a CPU, nor whether they sleep or do I/O under a lock.',
    '对于没有 GIL 的线程，没有记录它们在 CPU 上的时间，也没有记录它们是否在持有锁时休眠或进行 I/O。',
  ],
  // Exports.
  [
    'The run has so many intervals that the Firefox Profiler will be slow with it; the Perfetto export suits it better.',
    '此次运行的区间非常多，Firefox Profiler 处理起来会很慢；更适合导出为 Perfetto 格式。',
  ],
  [
    'The threads over time are left out: speedscope cannot load more than about {0} intervals. All costs by stack are in it; the Perfetto export shows the threads over time.',
    '省略了线程随时间的变化：speedscope 最多只能加载约 {0} 个区间。各栈的全部开销都在其中；Perfetto 导出会显示线程随时间的变化。',
  ],
  [
    'Of {0} locks that threads waited for, the {1} with the longest waits have a track.',
    '在线程等待过的 {0} 个锁中，等待时间最长的 {1} 个有自己的轨道。',
  ],
  [
    '{0} GIL cycles are not on the time axis of the export.',
    '{0} 个 GIL 周期不在导出文件的时间轴上。',
  ],
  [
    'The run has more cycles than are kept singly: short neighbours are drawn as one; the sums are not changed by that.',
    '此次运行的周期多于可单独保留的数量：相邻的短周期画成一个；总和不受影响。',
  ],
  // Comparisons.
  [
    'Of {0} a profile does not hold what stood on the lines, so that they are matched by their numbers.',
    '有{0}在分析记录中没有保存各行的内容，因此按行号对应。',
  ],
  ['The profile from {0}: {1}', '{0}的分析记录：{1}'],
  [
    'The profile from {0} has no lines, so that lines cannot be compared.',
    '{0}的分析记录没有各行的数据：无法比较各行。',
  ],
  [
    'The runs ended differently: {0} before, {1} after.',
    '两次运行的结束方式不同：之前是{0}，之后是{1}。',
  ],
  ['Python {0} before, {1} after.', '之前是 Python {0}，之后是 {1}。'],
  // Why a program could not be started.
  [
    'No Python interpreter was found.{0?} Install CPython 3.9 or newer, or name one with {1}.',
    '没有找到 Python 解释器。{0} 请安装 CPython 3.9 或更新版本，或用{1}指定一个。',
  ],
  ['{0} It comes from {1}; name another with {2}.', '{0}它来自{1}；请用{2}另行指定。'],
  [
    'There is no {0} on PATH. It comes from {1}; give the path of a CPython 3.9 or newer there.',
    'PATH 中没有 {0}。它来自{1}；请在那里给出 CPython 3.9 或更新版本的路径。',
  ],
  [
    '{0} runs from {1}, which is not there (any more). Reinstall this Python.',
    '{0} 从 {1} 运行，而后者（已）不存在。请重新安装此 Python。',
  ],
  ['There is no Python interpreter at {0}.', '{0} 处没有 Python 解释器。'],
  ['{0} is a folder, not a Python interpreter.', '{0} 是文件夹，不是 Python 解释器。'],
  [
    '{0} cannot be run: it is not an executable file for this user.',
    '无法运行 {0}：对此用户来说它不是可执行文件。',
  ],
  [
    '{0} did not answer within {1} s when asked for its version.',
    '询问版本时，{0} 在 {1} 秒内没有回答。',
  ],
  [
    '{0} is not a Python interpreter: asked for its version, it wrote no end.',
    '{0} 不是 Python 解释器：询问版本时，它的输出没有尽头。',
  ],
  [
    '{0} is not a working Python interpreter: asked for its version, it ended with {1} and {2}.',
    '{0} 不是可用的 Python 解释器：询问版本时，它以{1}结束，并输出{2}。',
  ],
  ['{0} cannot be run ({1}).', '无法运行 {0}（{1}）。'],
  [
    'GILscope needs CPython 3.9 or newer; {0} is {1}.',
    'GILscope 需要 CPython 3.9 或更新版本；{0} 是 {1}。',
  ],
  ['GILscope cannot profile {0}: it is {1}.', 'GILscope 无法分析 {0}：它是{1}。'],
  [
    'GILscope does not measure on {0} yet: its probe is made for Linux x64. Saved profiles can be opened here; to record one, use Linux x64 (also in WSL, a container or over Remote SSH).',
    'GILscope 尚不能在 {0} 上测量：它的探针是为 Linux x64 制作的。可以在此打开已保存的分析记录；要进行记录，请使用 Linux x64（也可在 WSL、容器中或通过 Remote SSH）。',
  ],
  [
    'A part of GILscope is missing: {0}. Install it again, or build it with “npm run build”.',
    'GILscope 缺少一个部分：{0}。请重新安装，或用“npm run build”构建。',
  ],
  [
    "The path of GILscope's probe, {0}, has a character that LD_PRELOAD cannot carry, and no link to it could be made in {1}. Set TMPDIR to a folder that can be written and has no space in its path.",
    'GILscope 探针的路径 {0} 含有 LD_PRELOAD 无法传递的字符，且无法在 {1} 中创建指向它的链接。请把 TMPDIR 设为一个可写且路径中没有空格的文件夹。',
  ],
  ['The folder to run in is not there: {0}.', '运行所用的文件夹不存在：{0}。'],
  ['There is no script {0}.', '没有脚本 {0}。'],
  [
    'The trace cannot be written to {0}: {1}. Make room or choose another folder with {2}.',
    '无法将跟踪数据写入 {0}：{1}。请腾出空间，或用{2}选择另一个文件夹。',
  ],
  [
    'The profile cannot be written to {0}: {1}. Choose another place.',
    '无法将分析记录写入 {0}：{1}。请选择另一个位置。',
  ],
  ['{0} could not be started in {1}: {2}.', '无法在 {1} 中启动 {0}：{2}。'],
];

/** What stands in the places of those, and of each other. */
export const PARTS_ZH_CN: readonly MessagePair[] = [
  [', most of it for {0}', '，大部分是在等 {0}'],
  [', most of them at {0}', '，大部分在 {0}'],
  [', most of them by {0}', '，大部分由 {0} 引起'],
  [', with {0}', '，与 {0} 争用'],
  [', who took it at {0}', '，它在 {0} 获取了该锁'],
  [', because {0}', '，因为{0}'],
  [' Others waited {0} for this lock in all.', '其他线程总共为此锁等待了 {0}。'],
  ['once', '1 次'],
  ['{0} times', '{0} 次'],
  ['an import', '一次导入'],
  ['the import of {0}', '导入 {0}'],
  ['held the GIL for {0} at a stretch', '一次持有 GIL {0}'],
  ['held the GIL for {0}', '持有 GIL {0}'],
  ['waited up to {0} for the GIL', '等待 GIL 最长 {0}'],
  ['waited {0} for the GIL', '等待 GIL {0}'],
  ['kept other threads waiting for {0}', '使其他线程等待了 {0}'],
  [
    'Do less here, or use code that releases the GIL, or another process.',
    '请在此少做些事，或使用会释放 GIL 的代码，或使用另一个进程。',
  ],
  ['See who blocked it, and shorten the holds there.', '请查看是谁阻塞了它，并缩短那里的持有。'],
  [
    'Do less here while others want to run, or in another process.',
    '当其他线程想要运行时请在此少做些事，或放到另一个进程中。',
  ],
  ['Split the work, or use code that releases the GIL.', '请拆分工作，或使用会释放 GIL 的代码。'],
  ['{0} waits at {1} for the end of {2}', '{0}在 {1} 等待{2}结束'],
  [
    '{0} waits at {1} for {2} of {3}, who took it at {4}',
    '{0}在 {1} 等待{3}的{2}，后者在 {4} 获取了它',
  ],
  ['{0} waits at {1} for {2} of {3}', '{0}在 {1} 等待{3}的{2}'],
  ['{0} at {1} while holding {2}, taken at {3}', '在 {1} 获取{0}，同时持有{2}（在 {3} 获取）'],
  ['{0} at {1} while holding {2}', '在 {1} 获取{0}，同时持有{2}'],
  ['its own', '它自己'],
  ['an unknown thread', '一个未知线程'],
  ['an unknown line', '未知的行'],
  ['thread {0}', '线程 {0}'],
  ['Thread {0}', '线程 {0}'],
  ['the {0} made at {1} inside {2}', '{2} 内部在 {1} 创建的 {0}'],
  ['The {0} made at {1} inside {2}', '{2} 内部在 {1} 创建的 {0}'],
  ['the {0} made at {1}', '在 {1} 创建的 {0}'],
  ['The {0} made at {1}', '在 {1} 创建的 {0}'],
  ['two holds of one GIL overlap', '同一 GIL 的两次持有重叠'],
  ['a hold ends before it begins', '一次持有在开始之前就结束'],
  ['a wait ends before it begins', '一次等待在开始之前就结束'],
  ['a wait begins before the thread had released the GIL', '一次等待在线程释放 GIL 之前就开始'],
  ['a stack came before that of its caller', '一个调用栈先于其调用者出现'],
  ['two holds of one lock overlap', '同一锁的两次持有重叠'],
  [
    'a wait for a lock or a hold of one ends before it begins',
    '对锁的一次等待或持有在开始之前就结束',
  ],
  ['the trace reached its size limit', '跟踪数据达到了大小上限'],
  ['the disk of the trace was full', '跟踪数据所在的磁盘已满'],
  [
    'the trace was out of reach after the program had changed its user, root or namespaces',
    '程序更改用户、根目录或命名空间后，无法再访问跟踪数据',
  ],
  [
    'there were more interpreters than the trace can tell apart',
    '解释器多于跟踪数据所能区分的数量',
  ],
  [
    'there were more different stacks than the trace can hold',
    '不同的调用栈多于跟踪数据所能容纳的数量',
  ],
  ['the disk was too slow to make room in time', '磁盘太慢，未能及时腾出空间'],
  [
    'there were more threads and stacks than the totals can hold',
    '线程和调用栈多于总数所能容纳的数量',
  ],
  ['there were more locks at a time than can be told apart', '同时存在的锁多于所能区分的数量'],
  ['there was no room for a thread', '没有空间容纳某个线程'],
  ['stacks were deeper than is read', '调用栈比所读取的更深'],
  [
    'Totals of outer lines are too small, for the outermost frames of those stacks are missing',
    '外层各行的总计偏小，因为这些调用栈缺少最外层的栈帧',
  ],
  [
    '{0} GIL cycle is only in the totals: hold and wait times and counts are complete, but not who blocked whom in them, nor what threads did meanwhile without the GIL (native code, waits for processes, work of executors), and a wait beside them may be shown as hand-off',
    '{0} 个 GIL 周期只计入总数：持有和等待的时间与次数是完整的，但其中谁阻塞了谁、其间线程不持有 GIL 时做了什么（原生代码、等待进程、执行器的任务）不完整，其旁的等待可能显示为交接',
  ],
  [
    '{0} GIL cycles are only in the totals: hold and wait times and counts are complete, but not who blocked whom in them, nor what threads did meanwhile without the GIL (native code, waits for processes, work of executors), and a wait beside them may be shown as hand-off',
    '{0} 个 GIL 周期只计入总数：持有和等待的时间与次数是完整的，但其中谁阻塞了谁、其间线程不持有 GIL 时做了什么（原生代码、等待进程、执行器的任务）不完整，其旁的等待可能显示为交接',
  ],
  [
    'The trace in {0} was removed or cannot be written any more: {1}. Leave this folder alone while the program runs, and run it again.',
    '{0} 中的跟踪数据已被删除或无法再写入：{1}。程序运行期间请勿改动此文件夹，然后重新运行。',
  ],
  [
    '{0} GIL cycle is missing from all numbers, for the trace is damaged or cut',
    '有 {0} 个 GIL 周期未计入任何数字，因为跟踪数据已损坏或被截断',
  ],
  [
    '{0} GIL cycles are missing from all numbers, for the trace is damaged or cut',
    '有 {0} 个 GIL 周期未计入任何数字，因为跟踪数据已损坏或被截断',
  ],
  [
    '{0} wait for a lock or hold of one is only in the totals of locks, on no line: who had the lock is not known',
    '有 {0} 次对锁的等待或持有只计入锁的总数，不在任何行上：不知道当时由谁持有锁',
  ],
  [
    '{0} waits for locks or holds of them are only in the totals of locks, on no line: who had the lock is not known',
    '有 {0} 次对锁的等待或持有只计入锁的总数，不在任何行上：不知道当时由谁持有锁',
  ],
  [
    '{0} GIL cycle is missing from all numbers, for there was no room for their threads',
    '有 {0} 个 GIL 周期未计入任何数字，因为没有空间容纳其线程',
  ],
  [
    '{0} GIL cycles are missing from all numbers, for there was no room for their threads',
    '有 {0} 个 GIL 周期未计入任何数字，因为没有空间容纳其线程',
  ],
  [
    '{0} sample is missing: long holds are split over lines less finely',
    '缺少 {0} 个样本：长时间的持有在各行之间的分配不够细',
  ],
  [
    '{0} samples are missing: long holds are split over lines less finely',
    '缺少 {0} 个样本：长时间的持有在各行之间的分配不够细',
  ],
  ['Stacks may be missing', '可能缺少调用栈'],
  ['of this version', '（此版本）'],
  ['one file', '一个文件'],
  ['{0} files', ' {0} 个文件'],
  ['before', '之前'],
  ['after', '之后'],
  ['status {0}', '状态 {0}'],
  ['exit status {0}', '退出状态 {0}'],
  ['end not seen', '未看到结束'],
  ['killed by {0}', '信号 {0} '],
  ['no version', '没有版本'],
  ['older than 3.4', '早于 3.4 的版本'],
  ['a 32-bit build; a 64-bit CPython is needed', '32 位构建；需要 64 位的 CPython'],
  ['built for the musl C library; one for glibc is needed', '为 musl C 库构建的；需要 glibc 版本'],
  [
    'linked statically with its C library; one that loads glibc is needed',
    '与 C 库静态链接的；需要会加载 glibc 的版本',
  ],
  ['the setting {0}', '设置 {0} '],
  ['the launch configuration or task', '启动配置或任务'],
  ['the environment variable TMPDIR', '环境变量 TMPDIR '],
  ["the Python extension's choice", 'Python 扩展的选择'],
  ['{0} of the workspace', '工作区的 {0} '],
  ['it does not exist', '它不存在'],
  ['it is not a folder', '它不是文件夹'],
  ['this user may not write there', '此用户无权在那里写入'],
  ['it is read-only', '它是只读的'],
  ['its disk is full', '它的磁盘已满'],
  ['the disk quota is used up', '磁盘配额已用完'],
  ['the trace folder setting', '跟踪数据文件夹的设置'],
  ['the file or the folder is not there', '文件或文件夹不存在'],
  ['this user may not run it, or not there', '此用户无权运行它，或无权在那里运行'],
  ['its arguments are too long', '它的参数太长'],
  ['a lock', '一个锁'],
  // The last, as it fits much.
  ['{0}, and {1}', '{0}，并且{1}'],
];
