/**
 * The timeline of a project in our own words, its summary for people, and the difference between two of
 * them. Source: nemo-api.md, "Draft (timeline), short keys"; the wire form is read in `nemo/draft.ts`.
 */
import { z } from "zod";

const segmentSchema = z.object({
  /** Title, file name or text content; null when the draft gives none. */
  name: z.string().nullable(),
  /** Where it starts on the timeline; null when unknown. */
  startMs: z.number().nullable(),
  durationMs: z.number().nullable(),
  /** 0–1 and above; null when unknown. */
  volume: z.number().nullable(),
  /** Hash of everything the draft says of the segment, known to us or not. */
  fingerprint: z.string(),
});
export type Segment = z.infer<typeof segmentSchema>;

const trackSchema = z.object({
  type: z.enum(["video", "audio", "text", "other"]),
  name: z.string().nullable(),
  segments: z.array(segmentSchema),
});
export type Track = z.infer<typeof trackSchema>;

export const timelineSchema = z.object({
  tracks: z.array(trackSchema),
  /** Hash of the whole state that an edit can change; equal fingerprints mean nothing changed. */
  fingerprint: z.string(),
});
export type Timeline = z.infer<typeof timelineSchema>;

/** A project nobody has touched. */
export const EMPTY_TIMELINE: Timeline = { tracks: [], fingerprint: "empty" };

/** True when at least one track holds a segment. */
export function isExportable(timeline: Timeline): boolean {
  return timeline.tracks.some((track) => track.segments.length > 0);
}
