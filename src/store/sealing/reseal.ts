/**
 * How a store is brought up to date: what older versions have kept in plain text is sealed at the start, and after a change
 * of keys everything is sealed with the new one, beside the work. Source: docs/operations.md, "Change the key".
 */
import type { Log } from "../../core/ports/runtime.ts";
import { Interval } from "../../lib/interval.ts";
import type { Records } from "../records.ts";
import { decryptOld, type Keyring, type Keys, keyIdOf } from "./encryption.ts";
import { type Sealing, sealedRecords } from "./sealing.ts";
import { HEADER, noteInHeader } from "./store-header.ts";

/** Between two passes over a shared store, in which other processes may still seal with the old key. */
const PASS_EVERY_MS = 3_600_000;

/** A storage whose records are gone through. */
export interface Walk {
  /** As they stand, without sealing. */
  records: Records;
  keys(): AsyncIterable<string>;
  /** See `RedisStorage`. */
  changeWork(change: (text: string, id: string) => string): Promise<number>;
}

/** Seals what stands in plain text. May be broken off, and done by several processes at once. Returns how many there were. */
export async function sealPlain(
  { records, keys }: Walk,
  options: { sealing: Sealing; oldKeys: Keys; retentionMs: number; log: Log },
): Promise<number> {
  const { sealing, oldKeys, retentionMs, log } = options;
  const sealed = sealedRecords(records, sealing);
  let count = 0;
  for await (const key of keys()) {
    if (key === HEADER) continue;
    try {
      const found = await records.getWithExpiry(key);
      if (found === undefined || isSealed(found.value)) continue;
      const value = key.startsWith("conversation:")
        ? withToken(found.value, (token) => decryptOld(oldKeys, token))
        : found.value;
      // Another process may have been faster, and have changed it since.
      await sealed.update(key, (current) => current ?? value, lifeOf(found.expiresAt));
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      await sealed.set(`corrupt:${key}`, await records.getText(key), retentionMs);
      log.error({ err: error, key }, "a stored record cannot be read; it was set aside");
    }
    await records.delete(key);
    count += 1;
  }
  return count;
}

/** Seals everything with the first key, in the background, until nothing is left of the others or it is stopped. */
export function startResealing(
  walk: Walk,
  keyring: Keyring,
  options: { isShared: boolean; log: Log },
): Interval {
  const { isShared, log } = options;
  const interval = new Interval(async () => {
    try {
      const count = await resealAll(walk, keyring);
      log.info({ records: count }, "records were sealed with the new key");
      // Another process may still seal with the old key: a pass that finds nothing tells.
      if (isShared && count > 0) return;
      await noteInHeader(walk.records, keyring, "one key only");
      log.info({}, "nothing is sealed with an old key any more: ENCRYPTION_KEYS can do without it");
      interval.stop();
    } catch (error) {
      log.warn(
        { err: error },
        "the records could not all be sealed with the new key; tried again in an hour",
      );
    }
  }, PASS_EVERY_MS);
  interval.soon();
  return interval;
}

async function resealAll({ records, keys, changeWork }: Walk, keyring: Keyring): Promise<number> {
  const isOther = (value: unknown): value is string =>
    typeof value === "string" && ![null, keyring.ids[0]].includes(keyIdOf(value));
  let count = 0;
  for await (const key of keys()) {
    try {
      const found = await records.getWithExpiry(key);
      if (!isOther(found?.value)) continue;
      const reseal = (current: unknown) =>
        isOther(current) ? keyring.seal(keyring.unseal(current, key), key) : current;
      await records.update(key, reseal, lifeOf(found.expiresAt));
      count += 1;
    } catch (error) {
      // A damaged record is set aside when it is read.
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  const work = await changeWork((text, id) => {
    try {
      return isOther(text) ? keyring.seal(keyring.unseal(text, id), id) : text;
    } catch (error) {
      // A damaged item is told when its turn comes.
      if (!(error instanceof SyntaxError)) throw error;
      return text;
    }
  });
  return count + work;
}

function isSealed(value: unknown): boolean {
  return typeof value === "string" && keyIdOf(value) !== null;
}

function lifeOf(expiresAt: number | null): number | undefined {
  return expiresAt === null ? undefined : Math.max(1, expiresAt - Date.now());
}

/** Replaces `account.token` of a conversation record: older versions have sealed that alone. */
function withToken(record: unknown, change: (token: string) => string): unknown {
  if (typeof record !== "object" || record === null || !("account" in record)) return record;
  const { account } = record;
  if (typeof account !== "object" || account === null || !("token" in account)) return record;
  if (typeof account.token !== "string") return record;
  return { ...record, account: { ...account, token: change(account.token) } };
}
