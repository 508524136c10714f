/**
 * JSON gone wrong, the same way each time for the same seed: what a faulty server, a new version of an API, or an
 * attacker may send in the place of something well-formed.
 */

/** Random numbers from 0 up to 1 that a seed decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One of several. */
export function pick<T>(random: () => number, all: readonly T[]): T {
  const one = all[Math.floor(random() * all.length)];
  if (one === undefined) throw new Error("nothing to pick from");
  return one;
}

const DEPTH = 2_000;
const PROTOTYPE_NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"];

const REPLACEMENTS: readonly ((random: () => number) => unknown)[] = [
  () => null,
  () => true,
  () => 0,
  () => -1,
  () => 1e308,
  () => "",
  () => [],
  () => ({}),
  () => [null],
  () => "\ud800 lone \udfff",
  () => "1".repeat(40),
  () => "0",
  () => "<@1> ```~~**_",
  () => "../../../etc/passwd",
  (random) => pick(random, PROTOTYPE_NAMES),
  (random) => withKey(pick(random, PROTOTYPE_NAMES), { polluted: true }),
  (random) => Array.from({ length: 2_000 }, () => (random() < 0.5 ? null : {})),
];
/** Seldom, as they take their time. */
const HEAVY: readonly (() => unknown)[] = [() => "x".repeat(50_000), () => nested(DEPTH, [1])];

/** A copy of `value` with one to three things wrong in it. */
export function mutated(value: unknown, random: () => number): unknown {
  let copy: unknown = JSON.parse(JSON.stringify(value));
  for (let count = 1 + Math.floor(random() * 3); count > 0; count--) copy = mutateOnce(copy, random);
  return copy;
}

function mutateOnce(value: unknown, random: () => number): unknown {
  const places = placesIn(value);
  // Sometimes all of it.
  if (places.length === 0 || random() < 0.03) return replacement(random);
  const { holder, key } = pick(random, places);
  const roll = random();
  if (roll < 0.25) delete holder[key];
  else if (roll < 0.3 && !Array.isArray(holder)) {
    const kept = holder[key];
    delete holder[key];
    define(holder, pick(random, PROTOTYPE_NAMES), kept);
  } else define(holder, key, replacement(random));
  return value;
}

function replacement(random: () => number): unknown {
  return random() < 0.01 ? pick(random, HEAVY)() : pick(random, REPLACEMENTS)(random);
}

interface PlaceInside {
  holder: Record<string, unknown>;
  key: string;
}

function placesIn(value: unknown, depth = 0): PlaceInside[] {
  if (typeof value !== "object" || value === null || depth > 8) return [];
  // Arrays are objects with numbers for keys.
  const holder = value as Record<string, unknown>;
  return Object.keys(holder)
    .slice(0, 100)
    .flatMap((key) => [{ holder, key }, ...placesIn(holder[key], depth + 1)]);
}

/** Also where `key` is `__proto__`: then it is a property like any other, as `JSON.parse` makes it. */
function define(holder: object, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function withKey(key: string, value: unknown): object {
  const holder = {};
  define(holder, key, value);
  return holder;
}

function nested(depth: number, innermost: unknown): unknown {
  let value = innermost;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}
