/** Kills one process. What is no process id, such as 0 for the caller's own group, is refused. */
export function killProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (!Number.isSafeInteger(pid) || pid <= 1) throw new Error(`not the id of a process: ${pid}`);
  process.kill(pid, signal);
}
