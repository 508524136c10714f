/** Marks of our messages. Source: Discord docs, "Create Message", `nonce`. */
import { randomBytes } from "node:crypto";

/** Unique for a message of ours: a repeated request with it is not a second message. At most 25 characters. */
export function nonceFor(): string {
  return randomBytes(12).toString("hex");
}
