/** What a method gets and gives. */

import type { Params } from "./params.ts";
import type { World } from "./world.ts";

/** One call under way. */
export interface Call {
  world: World;
  params: Params;
  /** Fires when the caller went away. */
  gone: AbortSignal;
}

/** Carries out one method: gives the `result`, or throws `ApiError`. */
export type Method = (call: Call) => unknown;

/** A result that comes with a `description`. */
export class Described {
  readonly result: unknown;
  readonly description: string;

  constructor(result: unknown, description: string) {
    this.result = result;
    this.description = description;
  }
}
