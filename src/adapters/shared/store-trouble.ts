/**
 * What goes on without the store while it is in trouble: the adapters ask here which error that is. Source:
 * `StoreTroubleError`, the port's; DESIGN.md, rule 5.
 */
import { StoreTroubleError } from "../../core/ports/store.ts";
import { within } from "../../lib/timeout.ts";

/** Whether an error is trouble of the store: it passes, and what was asked for can be asked again. */
export function isStoreTrouble(error: unknown): boolean {
  return error instanceof StoreTroubleError;
}

/** The store's answer; while it is in trouble `fallback`, for what a person should not have to wait for. */
export async function orInTrouble<T>(asked: Promise<T>, fallback: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (isStoreTrouble(error)) return fallback;
    throw error;
  }
}

/** As `orInTrouble`, and `fallback` too when the answer takes longer than `ms`. */
export function soonOr<T>(ms: number, asked: Promise<T>, fallback: T): Promise<T> {
  return within(ms, orInTrouble(asked, fallback), fallback);
}
