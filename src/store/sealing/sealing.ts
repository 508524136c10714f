/**
 * How everything that is kept is made unreadable: names by a keyed hash, so that they can still be looked up, and
 * values by the keyring. The key of the names is made once for a store and never changes; it stands there sealed itself.
 * Source: DESIGN.md, rule 10; docs/operations.md, "What is kept".
 */
import { createHmac, createSecretKey } from "node:crypto";
import type { Records } from "../records.ts";
import { type Keyring, keyIdOf } from "./encryption.ts";

export interface Sealing {
  /** The name to keep a thing under: the first word of `name`, which says its kind, and a hash of the whole. */
  name(name: string): string;
  /** `place` is a name as `name` gives it; what is sealed is unsealed there alone. */
  seal(text: string, place: string): string;
  /** True for what is sealed with the key that seals now. */
  isCurrent(text: string): boolean;
  /** Throws `SyntaxError` when it cannot be read. */
  unseal(sealed: string, place: string): string;
}

export function createSealing(keyring: Keyring, nameKey: Uint8Array): Sealing {
  const key = createSecretKey(nameKey);
  return {
    name(name) {
      const hash = createHmac("sha256", key).update(name).digest("base64url");
      return `${name.slice(0, name.indexOf(":") + 1)}${hash}`;
    },
    seal: (text, place) => keyring.seal(text, place),
    isCurrent: (text) => keyIdOf(text) === keyring.ids[0],
    unseal: (sealed, place) => keyring.unseal(sealed, place),
  };
}

/** Records that stand sealed in `inner`. What cannot be unsealed throws `SyntaxError`, as a damaged text does. */
export function sealedRecords(inner: Records, sealing: Sealing): Records {
  const seal = (value: unknown, place: string) => sealing.seal(JSON.stringify(value), place);
  function unseal(sealed: unknown, place: string): unknown {
    if (sealed === undefined) return undefined;
    if (typeof sealed !== "string") throw new SyntaxError("a stored value is not sealed");
    return JSON.parse(sealing.unseal(sealed, place));
  }
  return {
    async get(key) {
      const place = sealing.name(key);
      return unseal(await inner.get(place), place);
    },
    async getWithExpiry(key) {
      const place = sealing.name(key);
      const found = await inner.getWithExpiry(place);
      return found && { ...found, value: unseal(found.value, place) };
    },
    getText: (key) => inner.getText(sealing.name(key)),
    set(key, value, ttlMs) {
      const place = sealing.name(key);
      return inner.set(place, seal(value, place), ttlMs);
    },
    delete: (key) => inner.delete(sealing.name(key)),
    async update(key, change, ttlMs) {
      const place = sealing.name(key);
      let next: ReturnType<typeof change>;
      await inner.update(
        place,
        (current) => {
          next = change(unseal(current, place));
          return next === undefined ? undefined : seal(next, place);
        },
        ttlMs,
      );
      return next;
    },
  };
}
