/**
 * What was shown already, by its name: a message that another process sends again is not shown again.
 * Source: `OutgoingMessage.idempotencyKey`.
 */
import { z } from "zod";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";
import { nonceFor } from "../nonce.ts";

const LIVES_MS = 2 * 86_400_000;

const shownSchema = z.object({ messageId: z.string(), hasFile: z.boolean() });
type ShownMessage = z.infer<typeof shownSchema>;

export class Shown {
  readonly #memory: AdapterMemory;
  readonly #log: Log;

  constructor(options: { memory: AdapterMemory; log: Log }) {
    this.#memory = options.memory;
    this.#log = options.log;
  }

  /** Null when nothing with this name was shown, as far as the store can say; a name of null was never shown. */
  async find(name: string | null): Promise<ShownMessage | null> {
    if (name === null) return null;
    const text = await orInTrouble(this.#memory.get(keyOf(name)), null);
    if (text === null) return null;
    try {
      return shownSchema.parse(JSON.parse(text));
    } catch (error) {
      this.#log.warn({ err: error }, "a note of a shown message cannot be read");
      return null;
    }
  }

  /** Never throws. */
  async note(name: string | null, message: ShownMessage): Promise<void> {
    if (name === null) return;
    try {
      await this.#memory.set(keyOf(name), JSON.stringify(message), LIVES_MS);
    } catch (error) {
      // Within some minutes Discord itself knows it by its nonce.
      this.#log.warn({ err: error }, "a shown message could not be written down");
    }
  }
}

function keyOf(name: string): string {
  return `shown:${nonceFor(name)}`;
}
