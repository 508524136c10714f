/** Marks of our messages. Source: Discord docs, "Create Message", `nonce`. */
import { createHash, randomBytes } from "node:crypto";

const MAX_LENGTH = 25;

/**
 * Unique for a message of ours: within some minutes, a repeated request with it is not a second message. The
 * same for the same `name`, in every process.
 */
export function nonceFor(name: string | null = null): string {
  if (name === null) return randomBytes(12).toString("hex");
  return createHash("sha256").update(name).digest("base64url").slice(0, MAX_LENGTH);
}
