/**
 * The wire's draft, read into our own timeline. No public document gives all of its keys, so everything that
 * is missing or malformed degrades to "unknown"; nothing here throws.
 * Source: nemo-api.md, "Draft (timeline), short keys"; the long forms were seen in recorded streams.
 */

import { EMPTY_TIMELINE, type Segment, type Track } from "../../core/model/timeline.ts";
import type { ProjectClip, ProjectState } from "../../core/ports/video-backend.ts";
import { plainName } from "../../lib/machine-text.ts";
import { Pauses } from "../../lib/pauses.ts";
import { hideTokens } from "../../lib/secrets.ts";
import { shorten } from "../../lib/shorten.ts";
import { isJsonObject, type JsonObject } from "../transport/envelope.ts";
import { MAX_CLIPS, MAX_NAME_LENGTH, MAX_SEGMENTS, MAX_TRACKS } from "../transport/limits.ts";
import { uploadedFile } from "./answers.ts";
import { knownLengthsS, readLooks, readRole, readShape, timeScale, videoNamesOf } from "./draft-facts.ts";
import { fingerprint, isVolatile } from "./fingerprint.ts";

/** 1e6 s: longer than any video here. */
const MAX_TIME_MS = 1e9;

const TRACK_TYPES: ReadonlyMap<string, Track["type"]> = new Map([
  ["0", "video"],
  ["1", "audio"],
  ["7", "text"],
  ["video", "video"],
  ["audio", "audio"],
  ["music", "audio"],
  ["voice", "audio"],
  ["voiceover", "audio"],
  ["narration", "audio"],
  ["text", "text"],
  ["title", "text"],
  ["subtitle", "text"],
]);

/**
 * Timeline and draft of `data.state`. The timeline's fingerprint covers what an edit can change: the draft,
 * the generated media, the canvas and which clips there are. Analyses are left out: they arrive on their own.
 * Read in slices: a large draft holds up no other turn.
 */
export async function readProjectState(state: JsonObject): Promise<ProjectState> {
  const draft = isJsonObject(state.draft) && Object.keys(state.draft).length > 0 ? state.draft : null;
  const { generated_media: media, canvas_config: canvas } = state;
  const clips = listOf(state.video_infos).map(clipIdentity);
  if (draft === null && isBlank(media) && clips.length === 0)
    return { timeline: EMPTY_TIMELINE, draft: null, clips: [] };
  const pauses = new Pauses();
  const uploads = readClips(state.video_infos);
  const shape = readShape(state.canvas_config);
  return {
    clips: uploads,
    timeline: {
      tracks:
        draft === null ? [] : await readTracks(draft, knownLengthsS(state), videoNamesOf(uploads), pauses),
      ...(shape === undefined ? {} : { shape }),
      fingerprint: await fingerprint({ draft, media, clips, canvas }, pauses),
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

async function readTracks(
  draft: JsonObject,
  knownS: readonly number[],
  videoNames: ReadonlySet<string>,
  pauses: Pauses,
): Promise<Track[]> {
  const read: Track[] = [];
  let left = MAX_SEGMENTS;
  const tracks = listOf(firstOf(draft, "t", "tracks"))
    .filter(isJsonObject)
    .slice(0, MAX_TRACKS);
  for (const track of tracks) {
    const type = readTrackType(track);
    const segments: Segment[] = [];
    for (const segment of listOf(firstOf(track, "sg", "segments"))) {
      if (left === 0) break;
      if (!isJsonObject(segment)) continue;
      const role = type === "audio" ? readRole(segment, track, videoNames) : undefined;
      segments.push({ ...(await readSegment(segment, pauses)), ...(role === undefined ? {} : { role }) });
      left -= 1;
    }
    read.push({ type, name: readName(track), segments });
  }
  return inMs(read, knownS);
}

/** Times of a draft in seconds become ms, as the documents have them. */
function inMs(tracks: Track[], knownS: readonly number[]): Track[] {
  const all = tracks.flatMap(({ segments }) => segments);
  const lengths = all.map(({ durationMs }) => durationMs ?? 0);
  const endings = all.map(({ startMs, durationMs }) => (startMs ?? 0) + (durationMs ?? 0));
  const scale = timeScale(endings, lengths, knownS);
  if (scale === 1) return tracks;
  const scaled = (time: number | null) => (time === null ? null : time * scale);
  return tracks.map((track) => ({
    ...track,
    segments: track.segments.map((segment) => ({
      ...segment,
      startMs: scaled(segment.startMs),
      durationMs: scaled(segment.durationMs),
    })),
  }));
}

function readTrackType(track: JsonObject): Track["type"] {
  const type = firstOf(track, "tt", "type", "track_type");
  return TRACK_TYPES.get(String(type).toLowerCase()) ?? "other";
}

/** The documents give `d` in ms; starts and ends are taken to be in the same unit. */
async function readSegment(segment: JsonObject, pauses: Pauses): Promise<Segment> {
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
    ...readLooks(segment),
    fingerprint: await fingerprint(segment, pauses),
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
  // The first that says something to people: a title may hold an id, and its text the words.
  for (const value of candidates) {
    // Hidden first: half a token would not be known for one.
    const name =
      typeof value === "string" ? plainName(hideTokens(value.slice(0, 10 * MAX_NAME_LENGTH))) : null;
    if (name !== null) return shorten(name, MAX_NAME_LENGTH, "");
  }
  return null;
}

/** A clip by what stays the same while its analysis goes on. */
function clipIdentity(info: unknown): unknown {
  if (!isJsonObject(info)) return info;
  const identity = firstOf(info, "hash", "id", "video_id", "filename", "name", "cdn_url", "url");
  return identity === undefined ? "clip" : identity;
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

/** True for nothing, and for what holds nothing but times. */
function isBlank(value: unknown): boolean {
  if (value === null || value === undefined) return true;
  return typeof value === "object" && Object.keys(value).every(isVolatile);
}
