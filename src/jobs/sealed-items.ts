/**
 * What Redis gets to see of the work: lanes and ids by names that tell nothing, and sealed text. The scripts only move and
 * compare them. Source: DESIGN.md, rule 10; docs/operations.md, "What is kept".
 */
import { type WorkItem, workItemSchema } from "../core/model/work-item.ts";
import { keyIdOf } from "../store/sealing/encryption.ts";
import type { Sealing } from "../store/sealing/sealing.ts";

/** An item as it stands in Redis. */
export interface Stored {
  /** The name of its id. */
  id: string;
  text: string;
}

export class SealedItems {
  readonly #sealing: Sealing;

  constructor(sealing: Sealing) {
    this.#sealing = sealing;
  }

  /** What a lane or an id is called in Redis. */
  name(laneOrId: string): string {
    return this.#sealing.name(laneOrId);
  }

  seal(item: WorkItem): Stored {
    const id = this.name(item.id);
    return { id, text: this.#sealing.seal(JSON.stringify(item), id) };
  }

  /** Throws when it cannot be read. */
  unseal({ id, text }: Stored): WorkItem {
    // Left by a version before this one, in a lane under its plain name.
    const isPlain = keyIdOf(text) === null;
    return workItemSchema.parse(JSON.parse(isPlain ? text : this.#sealing.unseal(text, id)));
  }
}
