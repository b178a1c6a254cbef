/** A pause that can be cut short. */
export class Wakeup {
  private woken = false;
  private readonly resolvers: (() => void)[] = [];

  /** Ends the pause that is going on, or the next one. */
  wake(): void {
    this.woken = true;
    for (const resolve of this.resolvers.splice(0)) resolve();
  }

  async wait(ms: number): Promise<void> {
    if (!this.woken) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.resolvers.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    this.woken = false;
  }
}
