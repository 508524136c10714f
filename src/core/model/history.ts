/**
 * The finished edits of a project, each with the version that it made. What an edit changed is kept as data and told
 * in the language of the person who reads it; the draft of a version is a capture of its own. Source: docs/usage.md, "History".
 */
import { z } from "zod";
import { shorten, UNSHOWN } from "../../lib/shorten.ts";
import { lengthOf, type Timeline, timelineSchema } from "./timeline.ts";
import { changeGroupSchema } from "./timeline-change.ts";

/** Versions of a project that are kept. */
const MAX_VERSIONS = 20;
/** Characters of the person's words. */
const MAX_WORDS = 120;

/** A finished edit whose outcome has not been read from the state yet: it may have changed the timeline, or not. */
export const unseenEditSchema = z.object({
  /** Names its turn, and the capture of its version. */
  id: z.string(),
  /** Epoch ms of its end. */
  at: z.number(),
  words: z.string(),
  before: timelineSchema,
  /** The version whose edit it takes back. */
  undoes: z.number().optional(),
});
export type UnseenEdit = z.infer<typeof unseenEditSchema>;

/** A timeline in brief. */
const outlineSchema = z.object({
  fingerprint: z.string(),
  tracks: z.number(),
  /** Null when unknown. */
  lengthMs: z.number().nullable(),
});
export type Outline = z.infer<typeof outlineSchema>;

const versionSchema = z.object({
  /** From 1; counts on when the oldest leave the list. */
  number: z.number(),
  /** That of its edit; its capture is kept under it. */
  id: z.string(),
  /** Epoch ms of the edit's end. */
  at: z.number(),
  /** What was asked for, cut. */
  words: z.string(),
  /** What the edit changed: the first of it, and how many changes there are beyond. */
  changes: z.array(changeGroupSchema),
  more: z.number(),
  before: outlineSchema,
  after: outlineSchema,
  /** False: the project was empty then, or too large to be kept. */
  isKept: z.boolean(),
  undoes: z.number().optional(),
});
export type Version = z.infer<typeof versionSchema>;

export const historySchema = z.object({
  version: z.literal(1),
  /** Oldest first. */
  versions: z.array(versionSchema),
});
export type History = z.infer<typeof historySchema>;

/** The history with one more version, the oldest making room; one that is there already is not added again. */
export function withVersion(current: History | null, next: Omit<Version, "number">): History {
  const versions = current?.versions ?? [];
  if (versions.some(({ id }) => id === next.id)) return { version: 1, versions };
  const number = (versions.at(-1)?.number ?? 0) + 1;
  return { version: 1, versions: [...versions, { number, ...next }].slice(-MAX_VERSIONS) };
}

/** The edit that "undo" means: the last one that stands. Null when none does. */
export function lastStanding({ versions }: History): Version | null {
  const undone = new Set<number>();
  for (const version of versions.toReversed()) {
    if (version.undoes !== undefined) undone.add(version.undoes);
    else if (!undone.has(version.number)) return version;
  }
  return null;
}

/** The newest version before the edit of `version`, if the project was still so when that edit began. */
export function versionBefore({ versions }: History, { number, before }: Version): Version | null {
  const earlier = versions.filter((one) => one.number < number);
  return earlier.findLast(({ after }) => after.fingerprint === before.fingerprint) ?? null;
}

export function outlineOf(timeline: Timeline): Outline {
  const { fingerprint, tracks } = timeline;
  return { fingerprint, tracks: tracks.length, lengthMs: lengthOf(timeline) };
}

/** A person's words as the history keeps them: in one line, cut. */
export function briefWords(text: string): string {
  return shorten(text.replace(UNSHOWN, " ").trim(), MAX_WORDS);
}

/** Where the draft of a version is kept. */
export function captureIdOf({ id }: Pick<Version, "id">): string {
  return `version:${id}`;
}
