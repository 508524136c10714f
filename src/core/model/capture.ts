/**
 * A project as it was when an export was asked for: what is rendered, whatever edits follow.
 * Source: nemo-api.md, "Render" (one active render a session, the draft comes with the request).
 */
import { z } from "zod";

export const captureSchema = z.object({
  version: z.literal(1),
  /** As the backend gave it. */
  draft: z.unknown(),
  /** Where the project's files are. */
  files: z.array(z.object({ name: z.string(), url: z.string() })),
  /** What the video's file is called. */
  fileName: z.string(),
});
export type Capture = z.infer<typeof captureSchema>;

/** A draft beyond this, as UTF-8 JSON, is not kept. */
export const MAX_CAPTURE_BYTES = 4 * 1024 * 1024;
