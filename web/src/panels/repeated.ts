/** Questions to the engine that follow the training without crowding it. */

/** Asks again when it is wanted: one question at a time, and a rest behind each. */
export class Repeated {
  private isBusy = false;
  private isWanted = false;
  private isEnded = false;

  constructor(
    private ask: () => Promise<void>,
    private rest: () => number,
  ) {}

  want(): void {
    this.isWanted = true;
    if (!this.isBusy) void this.run();
  }

  end(): void {
    this.isEnded = true;
  }

  private async run(): Promise<void> {
    this.isBusy = true;
    while (this.isWanted && !this.isEnded) {
      this.isWanted = false;
      await this.ask();
      await new Promise((resolve) => setTimeout(resolve, this.rest()));
    }
    this.isBusy = false;
  }
}
