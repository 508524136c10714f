/**
 * Takes updates from Telegram into the bot's hands: owned by the core, or set aside, or given back while the store
 * is away. That trouble is told once when it begins and once when it is over. Source: DESIGN.md, rule 3.
 */
import type { Log } from "../../../core/ports/runtime.ts";
import type { Background } from "../../shared/background.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";
import type { SetAside } from "./set-aside.ts";
import type { Update } from "./update-schema.ts";

export interface UpdateIntakeOptions {
  setAside: SetAside;
  background: Background;
  log: Log;
}

export class UpdateIntake {
  readonly #options: UpdateIntakeOptions;
  #isAway = false;

  constructor(options: UpdateIntakeOptions) {
    this.#options = options;
  }

  /**
   * True when the bot has the updates: `take` took them, or failed and they are set aside. False while the store is
   * away: they must come again. `take` returns whether something was stored. Rejects with what ends it after `stopped`.
   */
  async owns(
    updates: readonly Update[],
    take: () => Promise<boolean>,
    stopped?: AbortSignal,
  ): Promise<boolean> {
    try {
      if (await take()) this.stored();
      return true;
    } catch (error) {
      if (stopped?.aborted) throw error;
      return !this.isStoreAway(error) && this.#isSetAside(updates, error);
    }
  }

  /** Something was stored: the store's trouble, if there was one, is over. */
  stored(): void {
    if (this.#isAway) this.#options.log.info({}, "updates can be stored again");
    this.#isAway = false;
  }

  /** True when `error` is trouble of the store, which is told here. */
  isStoreAway(error: unknown): boolean {
    if (!isStoreTrouble(error)) return false;
    if (!this.#isAway) {
      this.#options.log.error({ err: error }, "updates cannot be stored; they come again until they can");
    }
    this.#isAway = true;
    return true;
  }

  async #isSetAside(updates: readonly Update[], error: unknown): Promise<boolean> {
    const { setAside, background } = this.#options;
    try {
      await setAside.failed(updates, error);
    } catch (trouble) {
      if (this.isStoreAway(trouble)) return false;
      background.unexpected(trouble, "an update could not be set aside and is left out");
    }
    return true;
  }
}
