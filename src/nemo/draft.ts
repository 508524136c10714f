/**
 * The wire's draft, read into our own timeline. No public document gives all of its keys, so everything that
 * is missing or malformed degrades to "unknown"; nothing here throws.
 * Source: nemo-api.md, "Draft (timeline), short keys"; the long forms were seen in recorded streams.
 */
import type { ProjectClip, ProjectState } from "../core/ports.ts";
import { EMPTY_TIMELINE, type Segment, type Track } from "../core/timeline.ts";
import { uploadedFile } from "./answers.ts";
import { isJsonObject, type JsonObject } from "./envelope.ts";
import { fingerprint, stableForm } from "./fingerprint.ts";

const MAX_CLIPS = 200;
const MAX_TRACKS = 100;
const MAX_SEGMENTS = 1000;
const MAX_NAME_LENGTH = 200;
/** 1e6 s: longer than any video here. */
const MAX_TIME_MS = 1e9;

const TRACK_TYPES: ReadonlyMap<string, Track["type"]> = new Map([
  ["0", "video"],
  ["1", "audio"],
  ["7", "text"],
  ["video", "video"],
  ["audio", "audio"],
  ["music", "audio"],
  ["text", "text"],
  ["title", "text"],
  ["subtitle", "text"],
]);

/**
 * Timeline and draft of `data.state`. The timeline's fingerprint covers what an edit can change: the draft,
 * the generated media, the canvas and which clips there are. Analyses are left out: they arrive on their own.
 */
export function readProjectState(state: JsonObject): ProjectState {
  const draft = isJsonObject(state.draft) && Object.keys(state.draft).length > 0 ? state.draft : null;
  const media = stableForm(state.generated_media);
  const clips = listOf(state.video_infos).map(clipIdentity);
  const canvas = stableForm(state.canvas_config);
  if (draft === null && isBlank(media) && clips.length === 0)
    return { timeline: EMPTY_TIMELINE, draft: null, clips: [] };
  return {
    clips: readClips(state.video_infos),
    timeline: {
      tracks: draft === null ? [] : readTracks(draft),
      fingerprint: fingerprint({ draft, media, clips, canvas }),
    },
    draft,
  };
}

/** What was uploaded. An entry without a name is left out: it could not be shown, nor found again. */
function readClips(infos: unknown): ProjectClip[] {
  return listOf(infos)
    .slice(-MAX_CLIPS)
    .map((info) => uploadedFile.parse(info))
    .filter(({ name }) => name.trim() !== "")
    .map(({ name, url, type, durationS }) => ({ name, url, type, durationS }));
}

function readTracks(draft: JsonObject): Track[] {
  let left = MAX_SEGMENTS;
  return listOf(firstOf(draft, "t", "tracks"))
    .filter(isJsonObject)
    .slice(0, MAX_TRACKS)
    .map((track) => {
      const segments = listOf(firstOf(track, "sg", "segments"))
        .filter(isJsonObject)
        .slice(0, left);
      left -= segments.length;
      return { type: readTrackType(track), name: readName(track), segments: segments.map(readSegment) };
    });
}

function readTrackType(track: JsonObject): Track["type"] {
  const type = firstOf(track, "tt", "type", "track_type");
  return TRACK_TYPES.get(String(type).toLowerCase()) ?? "other";
}

/** The documents give `d` in ms; starts and ends are taken to be in the same unit. */
function readSegment(segment: JsonObject): Segment {
  const startMs = readTimeMs(firstOf(segment, "s", "st", "start", "start_ms"));
  const endMs = readTimeMs(firstOf(segment, "e", "et", "end", "end_ms"));
  const lengthMs = readTimeMs(firstOf(segment, "d", "duration", "duration_ms"));
  const spanMs = endMs === null ? null : endMs - (startMs ?? 0);
  const metadata = isJsonObject(segment.m) ? segment.m : {};
  return {
    name: readName(segment),
    startMs,
    durationMs: lengthMs ?? (spanMs !== null && spanMs >= 0 ? spanMs : null),
    volume: readNumber(firstOf(segment, "v", "volume") ?? firstOf(metadata, "v", "volume")),
    fingerprint: fingerprint(segment),
  };
}

function readName(item: JsonObject): string | null {
  const metadata = isJsonObject(item.m) ? item.m : isJsonObject(item.metadata) ? item.metadata : {};
  const candidates = [
    metadata.title,
    metadata.name,
    item.name,
    item.title,
    item.text,
    metadata.text,
    item.content,
    isJsonObject(item.text) ? item.text.content : undefined,
    isJsonObject(item.content) ? item.content.text : undefined,
  ];
  const name = candidates.find((value) => typeof value === "string" && value.trim() !== "");
  // `find` does not narrow through its callback.
  return typeof name === "string" ? [...name.trim()].slice(0, MAX_NAME_LENGTH).join("") : null;
}

/** A clip by what stays the same while its analysis goes on. */
function clipIdentity(info: unknown): unknown {
  if (!isJsonObject(info)) return stableForm(info);
  const identity = firstOf(info, "hash", "id", "video_id", "filename", "name", "cdn_url", "url");
  return identity === undefined ? "clip" : stableForm(identity);
}

function firstOf(item: JsonObject, ...keys: string[]): unknown {
  for (const key of keys) {
    const value = item[key];
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function readNumber(value: unknown): number | null {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) ? number : null;
}

/** A time on the timeline; null for one that makes no sense. */
function readTimeMs(value: unknown): number | null {
  const timeMs = readNumber(value);
  return timeMs !== null && timeMs >= 0 && timeMs <= MAX_TIME_MS ? timeMs : null;
}

function isBlank(value: unknown): boolean {
  return value === null || (typeof value === "object" && Object.keys(value).length === 0);
}
