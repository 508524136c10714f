/**
 * A draft as it can be rendered: paths of the backend's own editor become the addresses of the uploaded files.
 * Source: nemo-api.md, "Dialects of the vendor's own CLI".
 */
import { isJsonObject } from "../transport/envelope.ts";

const USERDATA = /^\/mnt\/userdata\/(?:.*\/)?([^/]+)$/su;
/** Deeper JSON than any draft. */
const MAX_DEPTH = 64;

/** `draft` with each path `/mnt/userdata/…/<name>` replaced by the address of the last file of that name, if there is one. */
export function renderableDraft(draft: unknown, files: readonly { name: string; url: string }[]): unknown {
  const urls = new Map(files.map(({ name, url }) => [name, url]));
  const replaced = (value: unknown, depth: number): unknown => {
    if (typeof value === "string") {
      const name = USERDATA.exec(value)?.[1];
      return name === undefined ? value : (urls.get(name) ?? urls.get(unescaped(name)) ?? value);
    }
    if (depth >= MAX_DEPTH) return value;
    if (Array.isArray(value)) return value.map((item) => replaced(item, depth + 1));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, replaced(item, depth + 1)]));
  };
  return replaced(draft, 0);
}

function unescaped(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    // A stray % in the name: it is meant as it stands.
    return name;
  }
}
