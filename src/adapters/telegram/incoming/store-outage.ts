/** Reports trouble of the store once when it begins and once when it is over, however many updates meet it. */

import type { Log } from "../../../core/ports/runtime.ts";
import { isStoreTrouble } from "../../shared/store-trouble.ts";

export class StoreOutage {
  readonly #log: Log;
  #isOn = false;

  constructor(log: Log) {
    this.#log = log;
  }

  /** True when `error` is trouble of the store, which is reported here. */
  isMet(error: unknown): boolean {
    if (!isStoreTrouble(error)) return false;
    if (!this.#isOn) {
      this.#log.error({ err: error }, "updates cannot be stored; they come again until they can");
    }
    this.#isOn = true;
    return true;
  }

  /** Something was stored. */
  end(): void {
    if (this.#isOn) this.#log.info({}, "updates can be stored again");
    this.#isOn = false;
  }
}
