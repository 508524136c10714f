/** Tables that are indexed from outside. */

/** The entry of `table` under `key`; what every object has, such as `constructor`, is none. */
export function own<T>(table: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
