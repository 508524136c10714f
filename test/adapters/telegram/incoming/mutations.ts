/** Random harm to plain JSON, the same for the same seed. */
import { pick } from "../../../support/odd-json.ts";
import type { Fields, Json } from "./update-samples.ts";

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
  (random) => pick(random, [true, false]),
  (random) => pick(random, ODD_NUMBERS),
  (random) => pick(random, ODD_TEXTS),
  (random) => pick(random, NAMES),
  () => [],
  () => ({}),
  (_, value) => [value, value],
  (_, value) => ({ value }),
  (_, value) => String(JSON.stringify(value) ?? ""),
  (random) => "x".repeat(pick(random, [5_000, 20_000])),
  (random) => deep(pick(random, [3, 200, 1_500])),
  (random, value) => (typeof value === "number" ? value + pick(random, [1, -1, 0.1]) : value),
  (random, value) => (typeof value === "number" ? -value : pick(random, NAMES)),
  // A name that every object seems to have.
  (random) => JSON.parse(`{"${pick(random, NAMES)}":{"id":1,"is_bot":false}}`) as Json,
];

/** A copy with one to four harms, each somewhere in it. */
export function harmed(sample: Fields, random: () => number): Fields {
  const copy = structuredClone(sample);
  for (let count = 1 + Math.floor(random() * 4); count > 0; count--) {
    const places = placesOf(copy);
    if (places.length === 0) break;
    const { holder, key } = pick(random, places);
    // `holder` is an object or a list of the copy, and `key` one of its own.
    const parts = holder as Record<string | number, Json>;
    const value = pick(random, HARMS)(random, parts[key] ?? null);
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
