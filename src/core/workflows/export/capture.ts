/** A project as it is at a moment, kept for an export or as a version. Source: nemo-api.md, "Render". */
import { type Capture, MAX_CAPTURE_BYTES } from "../../model/capture.ts";
import type { ProjectState, SessionRef } from "../../ports/video-backend.ts";
import type { Chat } from "../chat.ts";

/** The project as `state` shows it; null when it is too large to be kept. */
export function captureOf(
  { record }: Chat,
  { sessionId }: SessionRef,
  state: ProjectState,
  fileName: string,
): Capture | null {
  const { draft, clips } = state;
  if (Buffer.byteLength(JSON.stringify(draft)) > MAX_CAPTURE_BYTES) return null;
  const uploads = (record.uploads ?? []).filter((upload) => upload.sessionId === sessionId);
  return {
    version: 1,
    draft,
    // What the state says now comes last, and counts.
    files: [...uploads, ...clips].flatMap(({ name, url }) => (url === null ? [] : [{ name, url }])),
    fileName,
  };
}
