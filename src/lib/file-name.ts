/**
 * File names from outside, safe to store a file under. Source: RFC 6266, 4.3 (the last segment
 * of a path, no special names); Microsoft, "Naming Files, Paths, and Namespaces".
 */

/** Bytes of UTF-8; file systems end at 255. */
const MAX_BYTES = 200;
/** Names of devices on Windows, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i;

/**
 * The name alone: no path, no dots in front, no control characters, nothing that turns the writing direction, none
 * of `<>:"|?*`, not too long (its end stays, for the extension). `file` when nothing is left.
 */
export function safeFileName(name: string): string {
  const last = name.toWellFormed().split(/[/\\]/).at(-1) ?? "";
  const clean = last
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
    .replace(/[<>:"|?*]/g, "_")
    .replace(/^[.\s]+|[.\s]+$/gu, "");
  const characters = [...clean.replace(RESERVED, "_$&")];
  let sizeBytes = Buffer.byteLength(characters.join(""));
  while (sizeBytes > MAX_BYTES) sizeBytes -= Buffer.byteLength(characters.shift() ?? "");
  return characters.join("").replace(/^\./, "_.") || "file";
}
