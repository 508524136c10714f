/**
 * The one record that is not sealed as a whole: which keys the store was written with, and the key of its names. It is
 * what a wrong key is told by. Source: docs/operations.md, "What is kept".
 */
import { randomBytes } from "node:crypto";
import { z } from "zod";
import type { Records } from "../records.ts";
import { decryptOld, type Keyring, type Keys, keyIdOf } from "./encryption.ts";

/** Its name: it stands under it as it is. */
export const HEADER = "key-check";

const headerSchema = z.object({
  version: z.literal(2),
  /** The key of the names as hexadecimal digits, sealed. */
  nameKey: z.string(),
  /** Ids of the keys that records may still be sealed with, besides that of `nameKey`. */
  alsoSealedWith: z.array(z.string()),
  /** True until what older versions have kept in plain text is sealed. */
  hasPlain: z.boolean(),
});
type Header = z.infer<typeof headerSchema>;

/** The key of the names, and what is left to be done. */
export interface OpenedHeader {
  nameKey: Uint8Array;
  hasPlain: boolean;
  /** True while records may stand that were sealed with another key than the first. */
  hasOtherKeys: boolean;
}

/** The keys of the settings are not those that the store was written with. */
export class WrongKeyError extends Error {
  /** True: the first ones are, but something is still sealed with one that is not there any more. */
  readonly isOneMissing: boolean;

  constructor(isOneMissing: boolean, options?: ErrorOptions) {
    super("the store was written with another key", options);
    this.isOneMissing = isOneMissing;
  }
}

/** Reads the header, or makes it. Throws `WrongKeyError` when it, or anything behind it, cannot be unsealed. */
export async function openHeader(records: Records, keys: Keys, keyring: Keyring): Promise<OpenedHeader> {
  const fresh = randomBytes(32).toString("hex");
  let nameKey = fresh;
  // As one step: of two processes that start together, the second finds the first one's.
  const header = await records.update<Header>(HEADER, (current) => {
    const { known, sealedWith } = readHeader(current, keys, keyring);
    nameKey = known?.nameKey ?? fresh;
    const others = [...(known?.alsoSealedWith ?? []), ...sealedWith];
    return {
      version: 2,
      nameKey: keyring.seal(nameKey, HEADER),
      alsoSealedWith: [...new Set(others)].filter((id) => id !== keyring.ids[0]),
      hasPlain: known?.hasPlain ?? true,
    };
  });
  return {
    nameKey: Buffer.from(nameKey, "hex"),
    hasPlain: header?.hasPlain ?? false,
    hasOtherKeys: (header?.alsoSealedWith.length ?? 0) > 0,
  };
}

/** Writes down that something is done. Another process may have begun to seal with another key. */
export async function noteInHeader(
  records: Records,
  keyring: Keyring,
  done: "nothing is plain" | "one key only",
): Promise<void> {
  await records.update(HEADER, (current) => {
    const header = headerSchema.parse(current);
    if (done === "nothing is plain") return { ...header, hasPlain: false };
    return keyIdOf(header.nameKey) === keyring.ids[0] ? { ...header, alsoSealedWith: [] } : header;
  });
}

function readHeader(
  raw: unknown,
  keys: Keys,
  keyring: Keyring,
): { known: Omit<Header, "version"> | null; sealedWith: string[] } {
  try {
    if (raw === undefined) return { known: null, sealedWith: [] };
    if (typeof raw === "string") {
      // Versions before this one sealed a word of its own.
      if (decryptOld(keys, raw) !== HEADER) throw new WrongKeyError(false);
      return { known: null, sealedWith: [] };
    }
    const header = headerSchema.parse(raw);
    const nameKey = keyring.unseal(header.nameKey, HEADER);
    if (!header.alsoSealedWith.every((id) => keyring.ids.includes(id))) throw new WrongKeyError(true);
    return { known: { ...header, nameKey }, sealedWith: [keyIdOf(header.nameKey) ?? ""] };
  } catch (error) {
    throw error instanceof WrongKeyError ? error : new WrongKeyError(false, { cause: error });
  }
}
