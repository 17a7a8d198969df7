/** The interpreters that are chosen in the folders of a window, as they were last heard of. */

export class Chosen {
  #paths: ReadonlyMap<string, string | undefined> = new Map();
  #turn = 0;

  /** The one of a folder; undefined where none is known. */
  in(folder: string): string | undefined {
    return this.#paths.get(folder);
  }

  /** Ask about all folders anew, and return whether an answer has changed; an older round that ends later is void. */
  async ask(folders: readonly string[], ask: (folder: string) => Promise<string | undefined>): Promise<boolean> {
    this.#turn += 1;
    const turn = this.#turn;
    const answers = await Promise.all(folders.map(async (folder) => [folder, await ask(folder)] as const));
    if (turn !== this.#turn) {
      return false;
    }
    const changed = answers.some(([folder, path]) => path !== this.#paths.get(folder));
    this.#paths = new Map(answers);
    return changed;
  }
}
