/**
 * Filters on what a user may attach: groups and extensions.
 * Source: Discord docs, "Reference: File Type Filtering".
 */

import type { Form } from "./form.ts";

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  image: [".png", ".gif", ".jpg", ".jpeg", ".jfif", ".webp", ".avif"],
  video: [".mp4", ".mov", ".qt", ".webm"],
  audio: [".mp3", ".m4a", ".wav", ".ogg", ".opus", ".flac"],
};

/** Checks a `file_types` list. */
export function checkFileTypes(form: Form): void {
  const types = form.texts("file_types", { max: 10 }) ?? [];
  for (const [index, type] of types.entries()) {
    if (GROUPS[type] === undefined && !/^\.[A-Za-z0-9]{1,20}$/.test(type))
      form.errors.add(
        [...form.path, "file_types", index],
        "BASE_TYPE_CHOICES",
        "Not a file group or extension.",
      );
  }
}

/** True when a file of this name passes the filter; an empty filter lets everything pass. */
export function passesFileTypes(name: string, types: readonly string[]): boolean {
  if (types.length === 0) return true;
  const lower = name.toLowerCase();
  return types.flatMap((type) => GROUPS[type] ?? [type.toLowerCase()]).some((end) => lower.endsWith(end));
}
