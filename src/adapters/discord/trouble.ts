/** What goes on without the store when it is in trouble. Source: the `StoreTroubleError` port; DESIGN.md, rule 5. */
import { StoreTroubleError } from "../../core/ports.ts";

/** The store's answer; `fallback` while it is in trouble: for what nobody should have to wait for. */
export async function orInTrouble<T>(asked: Promise<T>, fallback: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreTroubleError) return fallback;
    throw error;
  }
}
