/** What goes on without the store when it is in trouble. Source: the `StoreTroubleError` port; DESIGN.md, rule 5. */
import { StoreTroubleError } from "../../core/ports/store.ts";

/** The store's answer; `fallback` while it is in trouble: for what nobody should have to wait for. */
export async function orInTrouble<T>(asked: Promise<T>, fallback: T): Promise<T> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof StoreTroubleError) return fallback;
    throw error;
  }
}

/** As `orInTrouble`, and `fallback` too when the answer takes longer than `ms`. */
export async function soonOr<T>(ms: number, asked: Promise<T>, fallback: T): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<T>((resolve) => {
    timer = setTimeout(() => resolve(fallback), ms);
  });
  try {
    return await Promise.race([orInTrouble(asked, fallback), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
