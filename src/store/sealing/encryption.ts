/** The cipher of everything that is kept: AES-256-GCM with the keys of the settings. Source: DESIGN.md, rule 10. */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  type KeyObject,
  randomBytes,
} from "node:crypto";

const IV_BYTES = 12;
const TAG_BYTES = 16;
/** What is sealed begins with it and the id of its key: `sealed:1:<key>:<base64 of iv, tag and cipher text>`. */
const MARK = "sealed:1:";
const KEY_ID_DIGITS = 8;

/** One 32-byte key or several: the first seals, all of them unseal. */
export type Keys = readonly [Uint8Array, ...Uint8Array[]];

/**
 * Seals text for the one place it is kept at: moved anywhere else it cannot be read. Initialisation vectors are random, so
 * one key is good for 2^32 texts (NIST SP 800-38D, 8.3), which a busy bot writes in a year or more.
 */
export interface Keyring {
  /** Ids of the keys; they tell nothing of them. The first seals. */
  readonly ids: readonly [string, ...string[]];
  /** A different result each time. */
  seal(text: string, place: string): string;
  /** Throws `SyntaxError` when the text was sealed with no key of ours or for another place, or changed since. */
  unseal(sealed: string, place: string): string;
}

export function createKeyring(keys: Keys): Keyring {
  // Made once: Node takes several times as long with the bytes of a key.
  const first = createSecretKey(keys[0]);
  const byId = new Map(keys.map((key) => [idOf(key), createSecretKey(key)]));
  const firstId = idOf(keys[0]);
  return {
    ids: [firstId, ...[...byId.keys()].filter((id) => id !== firstId)],
    seal(text, place) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv("aes-256-gcm", first, iv).setAAD(Buffer.from(place));
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return `${MARK}${firstId}:${Buffer.concat([iv, cipher.getAuthTag(), body]).toString("base64")}`;
    },
    unseal(sealed, place) {
      const key = byId.get(keyIdOf(sealed) ?? "");
      if (!key) throw new SyntaxError("a stored text is not sealed, or with another key");
      const bytes = Buffer.from(sealed.slice(MARK.length + KEY_ID_DIGITS + 1), "base64");
      try {
        return decrypt(key, bytes, place);
      } catch (error) {
        throw new SyntaxError("a sealed text was damaged, or moved from its place", { cause: error });
      }
    },
  };
}

/** The id of the key that `text` was sealed with; null for a text that is not sealed. */
export function keyIdOf(text: string): string | null {
  return text.startsWith(MARK) ? text.slice(MARK.length, MARK.length + KEY_ID_DIGITS) : null;
}

/** Opens what versions before the first with sealed records have sealed: tokens alone. Throws with any other key. */
export function decryptOld(keys: Keys, sealed: string): string {
  const bytes = Buffer.from(sealed, "base64");
  for (const key of keys) {
    try {
      return decrypt(key, bytes, null);
    } catch {
      // Another key's.
    }
  }
  throw new SyntaxError("an old sealed text cannot be read");
}

function decrypt(key: Uint8Array | KeyObject, bytes: Buffer, place: string | null): string {
  const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), {
    // A tag that was cut short must not count.
    authTagLength: TAG_BYTES,
  });
  decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  if (place !== null) decipher.setAAD(Buffer.from(place));
  const body = bytes.subarray(IV_BYTES + TAG_BYTES);
  return Buffer.concat([decipher.update(body), decipher.final()]).toString("utf8");
}

function idOf(key: Uint8Array): string {
  return createHmac("sha256", key).update("id of the key").digest("hex").slice(0, KEY_ID_DIGITS);
}
