/**
 * Whether the disk takes anything more. SQLite may go on for a while on a full one, over what its files hold already,
 * so a file has to grow. Source: docs/operations.md, "Health and metrics".
 */
import { randomBytes } from "node:crypto";
import { open, rm } from "node:fs/promises";
import { StoreTroubleError } from "../../core/ports/store.ts";

/** More than a write of ours makes a file grow by. */
const PROBE_BYTES = 65_536;

/** Writes a file at `path` down to the disk and removes it; throws `StoreTroubleError` when there is no room for it. */
export async function probeDisk(path: string): Promise<void> {
  try {
    const file = await open(path, "w", 0o600);
    try {
      // Nothing that a file system could make smaller.
      await file.writeFile(randomBytes(PROBE_BYTES));
      await file.sync();
    } finally {
      await file.close();
    }
  } catch (error) {
    throw new StoreTroubleError("the disk cannot be written, or is full", { cause: error });
  } finally {
    await rm(path, { force: true });
  }
}
