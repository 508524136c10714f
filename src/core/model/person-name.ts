/** What a person is called among others, as it may stand in a message: it mentions nobody and leads nowhere. */
import { hideTokens } from "../../lib/secrets.ts";
import { shorten, UNSHOWN } from "../../lib/shorten.ts";

/** Characters of a name. */
const MAX_NAME_LENGTH = 40;
/** What platforms read as a mention, a command, an address or markup. */
const MARKS = /[@#/\\<>`*_~|[\]()]+/g;

/** The first of `names` that is left when marks are taken out of it; undefined when none is. */
export function personName(...names: readonly (string | null | undefined)[]): string | undefined {
  return names.map(cleanName).find((name) => /[\p{L}\p{N}\p{Extended_Pictographic}]/u.test(name));
}

function cleanName(name: string | null | undefined): string {
  const plain = hideTokens((name ?? "").slice(0, 512).toWellFormed())
    .replace(MARKS, " ")
    // No name of a host.
    .replace(/\.(?=\S)/g, ". ")
    .replace(UNSHOWN, " ");
  return shorten(plain.trim(), MAX_NAME_LENGTH);
}
