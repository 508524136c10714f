/** Discord's refusals, sorted by what follows from them. Source: Discord docs, "JSON Error Codes". */
import { DiscordAPIError } from "@discordjs/rest";

/** A message older than an hour takes no more edits. */
export const TOO_OLD = 30046;

/** True for a refusal with one of these codes. */
export function isApiError(error: unknown, ...codes: number[]): boolean {
  return error instanceof DiscordAPIError && codes.includes(Number(error.code));
}

/** A body that is not what Discord wants. */
export function isInvalidForm(error: unknown): error is DiscordAPIError {
  return isApiError(error, 50035);
}

/** Text for a message that stands in a frame, and so takes none. */
export function isFramedAlready(error: unknown): boolean {
  return isInvalidForm(error) && JSON.stringify(error.rawError).includes("WITH_COMPONENTS_V2");
}

/** Unknown or forbidden channel, unknown guild, or a person who takes no messages. */
export function isGone(error: unknown): boolean {
  return isApiError(error, 10003, 10004, 50001, 50007, 50278);
}

/** No access, no permission, or a locked thread. */
export function isForbidden(error: unknown): boolean {
  return isApiError(error, 50001, 50013, 160005);
}

/** An interaction that cannot answer (any more): its token ran out, or its answer was deleted. */
export function isOver(error: unknown): boolean {
  return isApiError(error, 50027, 10015, 10062, 10008, 40094);
}
