/**
 * What a draft says beside names and times: units, roles of sounds, speed, looks, colours, shape. No public
 * document names these keys, so all that people's editors write is tried, and what is missing stays unknown.
 * Source: nemo-api.md, "Draft (timeline), short keys".
 */
import type { Segment } from "../../core/model/timeline.ts";
import { hideTokens } from "../../lib/secrets.ts";
import { isJsonObject, type JsonObject } from "../transport/envelope.ts";
import { MAX_CLIPS } from "../transport/limits.ts";

/** Looks of one segment. */
const MAX_LOOKS = 20;
const MAX_LOOK_LENGTH = 80;
const MAX_SPEED = 100;

/** First match wins; what is called music is music, whatever its name. */
const ROLES: readonly (readonly [RegExp, Segment["role"]])[] = [
  [/\b(?:music|bgm|song|soundtrack)\b|音乐|配乐/iu, undefined],
  [/voice|narrat|\btts\b|speech|\bdub(?:bed|bing)?\b|\bmemo\b|旁白|配音|解说|朗读|录音/iu, "voice"],
  [
    /original|source.audio|(?:camera|clip|video|detached|extracted).?(?:audio|sound)|原声|原音|原始音频/iu,
    "original",
  ],
  [/\bsfx\b|sound.?effects?|foley|音效/iu, "effect"],
];
const COLOURS =
  /^(?:brightness|contrast|saturation|hue|temperature|exposure|tint|gamma|vibrance|highlights|shadows|colou?rs?)$/i;

/** What a sound is, by what its metadata, its track, its file and its name say; undefined for music. */
export function readRole(
  segment: JsonObject,
  track: JsonObject,
  videoNames: ReadonlySet<string>,
): Segment["role"] {
  const metadata = [metadataOf(segment), metadataOf(track)];
  const hints = [
    ...metadata.flatMap((one) => [one.role, one.kind, one.category, one.type, one.source]),
    ...[segment, track].flatMap((one) => [one.role, one.kind, one.category]),
    ...[track, ...metadata].map((one) => one.name),
    ...[segment, ...metadata]
      .flatMap((one) => [one.src, one.file, one.filename, one.path, one.url])
      .map(fileName),
    ...[segment, ...metadata].flatMap((one) => [one.title, one.name]),
  ].filter((hint) => typeof hint === "string");
  for (const hint of hints) {
    const words = hint.replace(/[_-]+/g, " ");
    const found = ROLES.find(([pattern]) => pattern.test(words));
    if (found) return found[1];
    // A sound that is called like a clip came with it.
    if (videoNames.has(withoutExtension(hint))) return "original";
  }
  return undefined;
}

/** The names of uploaded videos, for `readRole`. */
export function videoNamesOf(clips: readonly { name: string; type: string }[]): ReadonlySet<string> {
  return new Set(clips.filter(({ type }) => type === "video").map(({ name }) => withoutExtension(name)));
}

/** Speed, looks and colour of a segment, as far as it says. */
export function readLooks(segment: JsonObject): Pick<Segment, "speed" | "looks" | "colour"> {
  const sources = [segment, metadataOf(segment)];
  const speed = sources
    .flatMap((one) => [one.speed, one.playback_rate, one.playbackRate])
    .map(Number)
    .find((value) => value > 0 && value <= MAX_SPEED);
  const named = sources
    .flatMap((one) => [one.effects, one.effect, one.filters, one.filter])
    .flatMap(readNames)
    .slice(0, MAX_LOOKS);
  const isColour = (look: Look) => COLOURS.test(look.name);
  const colours = [
    ...named.filter(isColour).map(textOf),
    ...sources.flatMap((one) => [one.color, one.colour, one.text_color, one.background_color]),
  ].filter((colour) => typeof colour === "string");
  const looks = named.filter((look) => !isColour(look)).map(textOf);
  return {
    ...(speed === undefined ? {} : { speed }),
    ...(looks.length > 0 ? { looks } : {}),
    ...(colours.length > 0 ? { colour: colours.join(" ").slice(0, MAX_LOOK_LENGTH) } : {}),
  };
}

interface Look {
  name: string;
  value: string | null;
}

function readNames(value: unknown): Look[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [{ name: value, value: null }];
  if (Array.isArray(value)) return value.slice(0, MAX_LOOKS).flatMap((one) => readNames(nameIn(one)));
  if (!isJsonObject(value)) return [];
  const own = nameIn(value);
  if (typeof own === "string") return readNames(own);
  return Object.entries(value)
    .filter(([, how]) => how !== false && how !== null && how !== "off")
    .map(([name, how]) => ({
      name,
      value: typeof how === "number" || typeof how === "string" ? `${how}` : null,
    }));
}

function nameIn(value: unknown): unknown {
  return isJsonObject(value) ? (value.name ?? value.title ?? value.type) : value;
}

function textOf({ name, value }: Look): string {
  // Hidden first: without its underscores a token would not be known for one.
  const words = hideTokens(name).replace(/[_-]+/g, " ").trim();
  return (value === null || value === "on" ? words : `${words} ${value}`).slice(0, MAX_LOOK_LENGTH);
}

const SHAPES = [
  ["16:9", 16 / 9],
  ["9:16", 9 / 16],
  ["1:1", 1],
  ["4:5", 4 / 5],
  ["5:4", 5 / 4],
  ["4:3", 4 / 3],
  ["3:4", 3 / 4],
  ["21:9", 21 / 9],
] as const;

/** The picture's shape by its size, else by what the canvas calls it. */
export function readShape(canvas: unknown): string | undefined {
  if (!isJsonObject(canvas)) return undefined;
  const [width, height] = [Number(canvas.width), Number(canvas.height)];
  if (width > 0 && height > 0 && width < 1e5 && height < 1e5) {
    const known = SHAPES.find(([, ratio]) => Math.abs(width / height / ratio - 1) < 0.01);
    return known ? known[0] : `${Math.round(width)}×${Math.round(height)}`;
  }
  const ratio = canvas.ratio ?? canvas.aspect_ratio;
  return typeof ratio === "string" && /^\d{1,2}:\d{1,2}$/.test(ratio) ? ratio : undefined;
}

/**
 * 1000 when a draft's times are seconds, against the documents; else 1. They are when they fit the known lengths of
 * its clips in seconds (twice their sum at most: a clip can be slowed down or repeated) and are below what any
 * timeline has in ms (1000: no project is shorter than a second), or when a segment is as long as its clip to the
 * hundredth. Without known lengths the documents count. `endings` are the raw ends of segments, `lengths` their
 * raw lengths.
 */
export function timeScale(
  endings: readonly number[],
  lengths: readonly number[],
  knownS: readonly number[],
): 1 | 1000 {
  const end = endings.reduce((most, one) => Math.max(most, one), 0);
  const total = knownS.reduce((sum, one) => sum + one, 0);
  if (end <= 0 || end > total * 2) return 1;
  const isWhole = lengths.some((length) =>
    knownS.some((known) => known > 0 && Math.abs(length / known - 1) < 0.01),
  );
  return end < 1000 || isWhole ? 1000 : 1;
}

/** The lengths in seconds that a state knows: of uploaded clips and of generated ones. */
export function knownLengthsS(state: JsonObject): number[] {
  const media = isJsonObject(state.generated_media)
    ? Object.values(state.generated_media)
    : state.generated_media;
  return [state.video_infos, media]
    .flatMap((list) => (Array.isArray(list) ? list.slice(-MAX_CLIPS) : []))
    .map((one) => (isJsonObject(one) ? Number(one.duration) : 0))
    .filter((duration) => duration > 0 && duration < 1e6);
}

function metadataOf(item: JsonObject): JsonObject {
  if (isJsonObject(item.m)) return item.m;
  return isJsonObject(item.metadata) ? item.metadata : {};
}

function fileName(value: unknown): unknown {
  return typeof value === "string"
    ? value
        .replace(/[?#].*$/s, "")
        .split("/")
        .pop()
    : undefined;
}

function withoutExtension(name: string): string {
  return name.replace(/\.[a-z0-9]{2,5}$/i, "");
}
