/** Random harm to plain JSON, the same for the same seed. */
import type { Fields, Json } from "./update-samples.ts";

/** Numbers from 0 to below 1. Source: mulberry32, public domain. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function oneOf<T>(random: () => number, list: readonly T[]): T {
  const found = list[Math.floor(random() * list.length)];
  if (found === undefined) throw new Error("nothing to choose from");
  return found;
}

const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "then", "toJSON"];
const ODD_NUMBERS = [
  0,
  -1,
  -0.5,
  1.5,
  2 ** 31,
  -(2 ** 31),
  2 ** 53,
  -(2 ** 53),
  1e308,
  9_007_199_254_740_991,
];
const ODD_TEXTS = [
  "",
  " ",
  "\ud800",
  "\udfff\ud83d",
  "a\udc00b",
  "\u0000\u202e",
  "١٢٣",
  "0x10",
  "NaN",
  "-",
  "💥".repeat(40),
];

function deep(levels: number): Json {
  let value: Json = "bottom";
  for (let level = 0; level < levels; level++)
    value = level % 2 === 0 ? [value] : { reply_to_message: value };
  return value;
}

const HARMS: ((random: () => number, value: Json) => Json | undefined)[] = [
  () => undefined,
  () => undefined,
  () => null,
  (random) => oneOf(random, [true, false]),
  (random) => oneOf(random, ODD_NUMBERS),
  (random) => oneOf(random, ODD_TEXTS),
  (random) => oneOf(random, NAMES),
  () => [],
  () => ({}),
  (_, value) => [value, value],
  (_, value) => ({ value }),
  (_, value) => String(JSON.stringify(value) ?? ""),
  (random) => "x".repeat(oneOf(random, [5_000, 20_000])),
  (random) => deep(oneOf(random, [3, 200, 1_500])),
  (random, value) => (typeof value === "number" ? value + oneOf(random, [1, -1, 0.1]) : value),
  (random, value) => (typeof value === "number" ? -value : oneOf(random, NAMES)),
  // A name that every object seems to have.
  (random) => JSON.parse(`{"${oneOf(random, NAMES)}":{"id":1,"is_bot":false}}`) as Json,
];

/** A copy with one to four harms, each somewhere in it. */
export function harmed(sample: Fields, random: () => number): Fields {
  const copy = structuredClone(sample);
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    const places = placesOf(copy);
    if (places.length === 0) break;
    const { holder, key } = oneOf(random, places);
    // `holder` is an object or a list of the copy, and `key` one of its own.
    const parts = holder as Record<string | number, Json>;
    const value = oneOf(random, HARMS)(random, parts[key] ?? null);
    if (value === undefined) delete parts[key];
    else Object.defineProperty(parts, key, { value, enumerable: true, writable: true, configurable: true });
  }
  return copy;
}

interface Place {
  holder: object;
  key: string | number;
}

/** Every field, the outer ones first; not into what was made deep. */
function placesOf(value: Json, level = 0): Place[] {
  if (typeof value !== "object" || value === null || level > 6) return [];
  return Object.entries(value).flatMap(([key, inner]): Place[] => [
    { holder: value, key },
    ...placesOf(inner, level + 1),
  ]);
}
