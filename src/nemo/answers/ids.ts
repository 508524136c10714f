/**
 * Ids that the backend gives and that later stand in a path. Source: nemo-api.md, "Endpoints".
 */
import { BackendError } from "../../core/model/backend-error.ts";

/** Visible characters, lone surrogates not among them, and none that means something in an address. */
const USABLE = /^[^\p{C}\p{Z}/\\?#%]{1,200}$/u;

/** True for what can stand in a path without changing it: `.` and `..` would, even when they are encoded. */
export function isUsableId(id: string): boolean {
  return USABLE.test(id) && id !== "." && id !== "..";
}

/** The id as one segment of a path. Throws `bad-answer` when it is not usable: no answer gave such an id. */
export function pathSegment(id: string, operation: string): string {
  if (!isUsableId(id)) throw new BackendError({ kind: "bad-answer", operation });
  return encodeURIComponent(id);
}
