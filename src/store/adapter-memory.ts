/** The durable memory of one adapter, apart from everything else in the store. Source: the `AdapterMemory` port. */
import type { AdapterMemory } from "../core/ports/store.ts";
import type { Records } from "./records.ts";

/** `name` is the adapter's; its keys stand under it. */
export function createAdapterMemory(records: Records, name: string): AdapterMemory {
  const asText = (value: unknown) => (typeof value === "string" ? value : null);
  return {
    get: async (key) => asText(await records.get(`${name}:${key}`)),
    set: (key, value, ttlMs) => records.set(`${name}:${key}`, value, ttlMs),
    delete: (key) => records.delete(`${name}:${key}`),
    update: async (key, change, ttlMs) =>
      (await records.update(`${name}:${key}`, (current) => change(asText(current)) ?? undefined, ttlMs)) ??
      null,
  };
}
