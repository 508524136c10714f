/**
 * The timeline of a project in our own words, and its summary for people. Source: nemo-api.md, "Draft
 * (timeline), short keys"; the wire form is read in `answers/draft.ts`, differences in `reply/timeline-diff.ts`.
 */
import { z } from "zod";
import { plainName } from "../../lib/machine-text.ts";
import { shorten, UNSHOWN } from "../../lib/shorten.ts";
import { fill } from "./locales.ts";

export const segmentSchema = z.object({
  /** Title, file name or text content; null when the draft gives none. */
  name: z.string().nullable(),
  /** Where it starts on the timeline; null when unknown. */
  startMs: z.number().nullable(),
  durationMs: z.number().nullable(),
  /** 0–1 and above; null when unknown. */
  volume: z.number().nullable(),
  /** What a sound is; absent for music, for what is no sound, and in records of old versions. */
  role: z.enum(["voice", "original", "effect"]).optional(),
  /** 2 is twice as fast; absent when the draft says nothing. */
  speed: z.number().optional(),
  /** Names of its filters and effects. */
  looks: z.array(z.string()).optional(),
  /** Colours of text or background, and corrections of colour, as the draft has them. */
  colour: z.string().optional(),
  /** Hash of everything the draft says of the segment, known to us or not. */
  fingerprint: z.string(),
});
export type Segment = z.infer<typeof segmentSchema>;

export const trackSchema = z.object({
  type: z.enum(["video", "audio", "text", "other"]),
  name: z.string().nullable(),
  segments: z.array(segmentSchema),
});
export type Track = z.infer<typeof trackSchema>;

export const timelineSchema = z.object({
  tracks: z.array(trackSchema),
  /** Shape of the picture, such as `9:16`; absent when unknown. */
  shape: z.string().optional(),
  /** Hash of the whole state that an edit can change; equal fingerprints mean nothing changed. */
  fingerprint: z.string(),
});
export type Timeline = z.infer<typeof timelineSchema>;

/** A project without an edit. */
export const EMPTY_TIMELINE: Timeline = { tracks: [], fingerprint: "empty" };

/** True when at least one track holds a segment. */
export function isExportable(timeline: Timeline): boolean {
  return timeline.tracks.some((track) => track.segments.length > 0);
}

/** When the last segment ends; null when that is not known, or there is none. */
export function lengthOf({ tracks }: Timeline): number | null {
  const ends = tracks.flatMap(({ segments }) =>
    segments.flatMap(({ startMs, durationMs }) =>
      startMs === null || durationMs === null ? [] : [startMs + durationMs],
    ),
  );
  return ends.reduce<number | null>((end, next) => Math.max(end ?? 0, next), null);
}

/** The words of a summary, as the locales hold them; `{placeholders}` as given in each line. */
export interface TimelineWords {
  /** One track: `Timeline (1 track):` */
  headingOne: string;
  /** `Timeline ({count} tracks):` */
  headingMany: string;
  /** No track at all: `The timeline is empty.` */
  empty: string;
  /** A track without a segment: `empty` */
  emptyTrack: string;
  /** What each type of track is called: `Video`, `BGM`, `Title`, `Track`. */
  video: string;
  audio: string;
  text: string;
  other: string;
  /** Sounds that are no music: `Voice-over`, `Original sound`, `Sound effect`; several kinds on one track: `Audio`. */
  voice: string;
  original: string;
  effect: string;
  sound: string;
  /** Segments of which nothing is known: `1 clip`, `{count} clips` */
  clipsOne: string;
  clipsMany: string;
  /** What is left out: `+{count} more` */
  more: string;
  /** A line: `{place}. {kind}: {what}` */
  track: string;
  /** Between segments and facts: `, ` */
  comma: string;
  /** Behind a name: ` ({facts})` */
  facts: string;
}

const MAX_TRACKS = 20;
const MAX_SEGMENTS = 5;
const MAX_NAME_LENGTH = 60;

/**
 * The timeline for people, a line a track: `Timeline (3 tracks):`, `1. Video: city timelapse (0-10s)`,
 * `2. BGM: Lo-fi (0-10s, 35%)`, `3. Title: "Urban Dreams" (0-3s)`. At most 20 tracks of 5 segments each.
 * What the draft does not say is left out; where a start is unknown, segments follow one another.
 */
export function summarizeTimeline(timeline: Timeline, words: TimelineWords): string {
  const { tracks } = timeline;
  if (tracks.length === 0) return words.empty;
  const heading = fill(tracks.length === 1 ? words.headingOne : words.headingMany, { count: tracks.length });
  const lines = tracks
    .slice(0, MAX_TRACKS)
    .map((track, index) =>
      fill(words.track, { place: index + 1, kind: words[kindOf(track)], what: describeTrack(track, words) }),
    );
  const rest = tracks.length - lines.length;
  return [heading, ...lines, ...(rest > 0 ? [fill(words.more, { count: rest })] : [])].join("\n");
}

/** What a track is called by: its type, or the role that its sounds have. */
function kindOf({ type, segments }: Track): Track["type"] | NonNullable<Segment["role"]> | "sound" {
  const roles = new Set(segments.map(({ role }) => role));
  if (type !== "audio" || roles.size === 0) return type;
  return roles.size > 1 ? "sound" : ([...roles][0] ?? type);
}

/** A name that fits a line of chat: one line, at most 60 characters, nothing of a machine; null when nothing is left. */
export function displayName(name: string | null): string | null {
  const folded = (plainName(name ?? "") ?? "").replace(UNSHOWN, " ").trim();
  return /[^\p{Cf}\s]/u.test(folded) ? shorten(folded, MAX_NAME_LENGTH) : null;
}

/** Below a minute seconds with at most one decimal, `12.5s`; from a minute on `1:05`, `1:02:30`. */
export function displayTime(ms: number): string {
  return tenthsOf(ms) < MINUTE ? `${tenthsOf(ms) / 10}s` : clockTime(ms);
}

/** A minute in tenths of a second. */
const MINUTE = 600;

function tenthsOf(ms: number): number {
  return Math.round(ms / 100);
}

function clockTime(ms: number): string {
  const tenths = tenthsOf(ms);
  const [hours, minutes] = [Math.floor(tenths / (60 * MINUTE)), Math.floor(tenths / MINUTE) % 60];
  const seconds = `${Math.floor((tenths % MINUTE) / 10)}`.padStart(2, "0");
  const rest = tenths % 10 === 0 ? "" : `.${tenths % 10}`;
  const start = hours > 0 ? `${hours}:${String(minutes).padStart(2, "0")}` : `${minutes}`;
  return `${start}:${seconds}${rest}`;
}

/** `35%` */
export function displayVolume(volume: number): string {
  return `${Math.round(volume * 100)}%`;
}

/** Where something stands, `0-10s`, `0:50-1:05`; null when that is unknown. */
export function displayRange(startMs: number | null, durationMs: number | null): string | null {
  if (startMs === null || durationMs === null) return null;
  const endMs = startMs + durationMs;
  if (tenthsOf(endMs) >= MINUTE) return `${clockTime(startMs)}-${clockTime(endMs)}`;
  return `${tenthsOf(startMs) / 10}-${tenthsOf(endMs) / 10}s`;
}

function describeTrack(track: Track, words: TimelineWords): string {
  const { segments } = track;
  if (segments.length === 0) return displayName(track.name) ?? words.emptyTrack;
  const fallback = segments.length === 1 ? track.name : null;
  let endMs: number | null = 0;
  const described = segments.map((segment) => {
    const startMs: number | null = segment.startMs ?? endMs;
    endMs = startMs === null || segment.durationMs === null ? null : startMs + segment.durationMs;
    return describeSegment(track.type, segment.name ?? fallback, startMs, segment, words);
  });
  if (described.every((text) => text === "")) {
    return fill(segments.length === 1 ? words.clipsOne : words.clipsMany, { count: segments.length });
  }
  const shown = described.slice(0, MAX_SEGMENTS).filter((text) => text !== "");
  const rest = segments.length - shown.length;
  return [...shown, ...(rest > 0 ? [fill(words.more, { count: rest })] : [])].join(words.comma);
}

function describeSegment(
  type: Track["type"],
  name: string | null,
  startMs: number | null,
  segment: Segment,
  words: TimelineWords,
): string {
  const shown = displayName(name);
  const title = shown !== null && type === "text" ? `"${shown}"` : shown;
  const isAudible = type !== "text" && segment.volume !== null && displayVolume(segment.volume) !== "100%";
  const facts = [
    displayRange(startMs, segment.durationMs),
    isAudible && segment.volume !== null ? displayVolume(segment.volume) : null,
  ].filter((fact) => fact !== null);
  const behind = facts.length > 0 ? fill(words.facts, { facts: facts.join(words.comma) }) : "";
  return `${title ?? ""}${behind}`.trim();
}
