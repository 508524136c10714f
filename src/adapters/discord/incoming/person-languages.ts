/** Messages do not tell a person's language; an interaction does, for both. Source: Discord docs, "Interaction Structure". */
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { orInTrouble } from "../../shared/store-trouble.ts";

const KEPT_FOR_MS = 90 * 86_400_000;

export class PersonLanguages {
  readonly #memory: AdapterMemory;

  constructor(memory: AdapterMemory) {
    this.#memory = memory;
  }

  /** Left out while the store is in trouble. */
  keep(userId: string, locale: string): Promise<void> {
    const key = keyOf(userId);
    const keep = async () => {
      if ((await this.#memory.get(key)) !== locale) await this.#memory.set(key, locale, KEPT_FOR_MS);
    };
    return orInTrouble(keep(), undefined);
  }

  /** As Discord last told it; null too while the store is in trouble. */
  of(userId: string): Promise<string | null> {
    return orInTrouble(this.#memory.get(keyOf(userId)), null);
  }
}

function keyOf(userId: string): string {
  return `locale:${userId}`;
}
