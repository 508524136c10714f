/** Memories fed from outside: the entry written longest ago gives way when there are too many. */

/** How long an entry counts; without it, for good. */
export interface Aging {
  maxAgeMs: number;
  clock: { now(): number };
}

/**
 * A `Map` of at most `max` entries; setting a key again makes it the newest, so an iteration that does so comes to it
 * again. An entry that is too old is as good as absent, but is iterated until it is asked for.
 */
export class BoundedMap<K, V> extends Map<K, V> {
  readonly #max: number;
  readonly #aging: Aging | undefined;
  readonly #setAt = new Map<K, number>();

  constructor(max: number, aging?: Aging) {
    super();
    this.#max = max;
    this.#aging = aging;
  }

  override has(key: K): boolean {
    if (this.#aging && this.#aging.clock.now() - (this.#setAt.get(key) ?? 0) >= this.#aging.maxAgeMs) {
      this.delete(key);
    }
    return super.has(key);
  }

  override get(key: K): V | undefined {
    return this.has(key) ? super.get(key) : undefined;
  }

  override set(key: K, value: V): this {
    this.delete(key);
    if (this.#aging) this.#setAt.set(key, this.#aging.clock.now());
    super.set(key, value);
    for (const oldest of this.keys()) {
      if (this.size <= this.#max) break;
      this.delete(oldest);
    }
    return this;
  }

  override delete(key: K): boolean {
    this.#setAt.delete(key);
    return super.delete(key);
  }

  override clear(): void {
    this.#setAt.clear();
    super.clear();
  }
}

/** A `Set` of at most `max` values; adding one again makes it the newest. */
export class BoundedSet<T> extends Set<T> {
  readonly #max: number;

  constructor(max: number) {
    super();
    this.#max = max;
  }

  override add(value: T): this {
    this.delete(value);
    super.add(value);
    for (const oldest of this) {
      if (this.size <= this.#max) break;
      this.delete(oldest);
    }
    return this;
  }
}
