/** One difference between two timelines, as data: found by `reply/timeline-diff.ts`, said by `reply/describe-changes.ts`. */
import { z } from "zod";
import { segmentSchema, trackSchema } from "./timeline.ts";

/** `name` is the segment's name after the change, else its track's; null when the draft gives none. */
const subject = {
  trackType: trackSchema.shape.type,
  role: segmentSchema.shape.role,
  name: z.string().nullable(),
};

/** A segment can have several: moved and louder, for example. */
const timelineChangeSchema = z.discriminatedUnion("kind", [
  z.object({
    ...subject,
    kind: z.literal("added"),
    startMs: z.number().nullable(),
    durationMs: z.number().nullable(),
  }),
  z.object({ ...subject, kind: z.literal("removed") }),
  z.object({ ...subject, kind: z.literal("renamed"), before: z.string(), after: z.string() }),
  z.object({
    ...subject,
    kind: z.enum(["moved", "lengthened", "shortened"]),
    beforeMs: z.number(),
    afterMs: z.number(),
  }),
  /** One segment became several: what lay between them is gone, or nothing is (`removedMs` 0). */
  z.object({
    ...subject,
    kind: z.literal("cut"),
    atMs: z.number(),
    removedMs: z.number(),
    pieces: z.number(),
  }),
  z.object({ ...subject, kind: z.literal("volume"), before: z.number().nullable(), after: z.number() }),
  z.object({ ...subject, kind: z.literal("speed"), after: z.number() }),
  z.object({
    ...subject,
    kind: z.literal("looks"),
    on: z.array(z.string()),
    off: z.array(z.string()),
  }),
  z.object({ ...subject, kind: z.literal("colour") }),
  /** Same in all that we can read, and yet not the same: a transition, a position. */
  z.object({ ...subject, kind: z.literal("altered") }),
  /** The picture's shape. */
  z.object({ ...subject, kind: z.literal("shape"), after: z.string() }),
  /** Nothing on the tracks, but something in the project. */
  z.object({ ...subject, kind: z.literal("project") }),
]);
export type TimelineChange = z.infer<typeof timelineChangeSchema>;

/** Changes of which the same is to be said: one, or all of a kind where they are many. */
export const changeGroupSchema = z.object({ change: timelineChangeSchema, count: z.number() });
export type ChangeGroup = z.infer<typeof changeGroupSchema>;
