/**
 * Turns a draft into an MP4 with ffmpeg: trim, speed, volume, size, looks, titles, music. No word of a
 * person becomes a part of ffmpeg's arguments: titles go through text files, the rest is numbers and
 * constants. Output as nemo-api.md says: H.264 MP4, up to 1080×1920.
 */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Draft, type DraftSegment, segmentsOf, TRACK } from "../project/project.ts";
import { inputOptions, type MediaFacts, runProgram } from "./ffmpeg.ts";

/** A render that takes longer is a failed one. */
const RENDER_TIMEOUT_MS = 5 * 60_000;
/** Longer projects are cut: this is a demo, not a render farm. */
const MAX_FILM_MS = 10 * 60_000;
const MAX_TITLES = 20;

/** A file the draft names by its media id. */
export interface Source {
  path: string;
  extension: string;
  kind: "video" | "image" | "audio";
  facts: MediaFacts | null;
}

/** What a film is made of. */
export interface FilmPlan {
  draft: Draft;
  canvas: { width: number; height: number };
  /** Uploads by media id; what is missing is drawn (generated media). */
  sources: ReadonlyMap<string, Source>;
}

/** Renders to `output`; without titles if they cannot be drawn. Throws when ffmpeg cannot do it at all. */
export async function makeFilm(
  ffmpeg: string,
  plan: FilmPlan,
  output: string,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "nemo-film-"));
  try {
    const titles = segmentsOf(plan.draft, TRACK.text).slice(0, MAX_TITLES);
    for (const [index, title] of titles.entries()) {
      await writeFile(join(folder, `title${index}.txt`), wrap(title.m.title));
    }
    const options = { cwd: folder, timeoutMs: RENDER_TIMEOUT_MS, signal };
    try {
      const fonts = await Promise.all(titles.map((title) => findFont(title.m.title, signal)));
      await runProgram(ffmpeg, filmArguments(plan, titles, fonts, output), options);
    } catch (error) {
      if (signal.aborted || titles.length === 0) throw error;
      await runProgram(ffmpeg, filmArguments(plan, [], [], output), options);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function filmArguments(plan: FilmPlan, titles: DraftSegment[], fonts: string[], output: string): string[] {
  const { width, height } = even(plan.canvas);
  const inputs: string[] = [];
  const filters: string[] = [];
  let inputCount = 0;
  const addInput = (...args: string[]): number => {
    inputs.push(...args);
    inputCount += 1;
    return inputCount - 1;
  };

  const clips = segmentsOf(plan.draft, TRACK.video);
  const totalS = Math.min(MAX_FILM_MS, Math.max(plan.draft.d, 100)) / 1000;
  const parts: string[] = [];
  for (const [index, clip] of clips.entries()) {
    const part = clipFilters(clip, plan.sources.get(clip.m.media_id ?? ""), { width, height }, addInput);
    filters.push(`${part.video}[v${index}]`, `${part.audio}[a${index}]`);
    parts.push(`[v${index}][a${index}]`);
  }
  if (clips.length === 0) {
    // Titles or music alone: a dark picture behind them.
    const dark = addInput(
      "-f",
      "lavfi",
      "-t",
      String(totalS),
      "-i",
      `color=c=0x202830:s=${width}x${height}:r=30`,
    );
    const silence = addInput("-f", "lavfi", "-t", String(totalS), "-i", SILENCE);
    filters.push(`[${dark}:v]setsar=1[v0]`, `[${silence}:a]anull[a0]`);
    parts.push("[v0][a0]");
  }
  filters.push(`${parts.join("")}concat=n=${parts.length}:v=1:a=1[film][voice]`);

  const sounds: string[] = ["[voice]"];
  for (const [index, sound] of segmentsOf(plan.draft, TRACK.audio).slice(0, 8).entries()) {
    const source = plan.sources.get(sound.m.media_id ?? "");
    const lengthS = String(Math.min(totalS, sound.d / 1000));
    const input =
      source === undefined
        ? addInput("-f", "lavfi", "-t", lengthS, "-i", MUSIC)
        : addInput(...inputOptions(source.extension), "-t", lengthS, "-i", `file:${source.path}`);
    filters.push(
      `[${input}:a]aresample=44100,aformat=channel_layouts=stereo,volume=${volumeOf(sound)},` +
        `adelay=${Math.round(sound.s)}:all=1[s${index}]`,
    );
    sounds.push(`[s${index}]`);
  }
  filters.push(
    sounds.length === 1
      ? "[voice]anull[sound]"
      : `${sounds.join("")}amix=inputs=${sounds.length}:duration=first:normalize=0[sound]`,
  );

  const fontSize = Math.round(Math.min(width, height) / 11);
  const drawn = titles.map((title, index) => {
    const [from, to] = [title.s / 1000, (title.s + title.d) / 1000];
    return (
      `drawtext=${fonts[index] ?? "font=Sans"}:textfile=title${index}.txt:expansion=none:fontcolor=white:` +
      `fontsize=${fontSize}:borderw=3:bordercolor=black@0.7:` +
      `x=(w-text_w)/2:y=h*0.8-text_h/2-${Math.round(index * fontSize * 1.4)}:enable='between(t,${from},${to})'`
    );
  });
  filters.push(`[film]${["format=yuv420p", ...drawn].join(",")}[picture]`);

  return [
    ...["-hide_banner", "-loglevel", "error", "-nostdin", "-y", ...inputs],
    ...["-filter_complex", filters.join(";"), "-map", "[picture]", "-map", "[sound]", "-t", String(totalS)],
    ...["-c:v", "libx264", "-preset", "veryfast", "-crf", "23", "-pix_fmt", "yuv420p", "-threads", "2"],
    ...[
      "-c:a",
      "aac",
      "-b:a",
      "128k",
      "-ar",
      "44100",
      "-movflags",
      "+faststart",
      "-f",
      "mp4",
      `file:${output}`,
    ],
  ];
}

const SILENCE = "anullsrc=r=44100:cl=stereo";
/** A soft chord: music from a library that does not exist. */
const MUSIC =
  "aevalsrc='0.12*(sin(2*PI*220*t)+sin(2*PI*277.18*t))*(0.6+0.4*sin(PI*t))" +
  "|0.12*(sin(2*PI*220*t)+sin(2*PI*329.63*t))*(0.6+0.4*sin(PI*t))':s=44100";

function clipFilters(
  clip: DraftSegment,
  source: Source | undefined,
  size: { width: number; height: number },
  addInput: (...args: string[]) => number,
): { video: string; audio: string } {
  const speed = clip.m.speed ?? 1;
  const startS = (clip.m.in ?? 0) / 1000;
  const sourceS = Math.max(0.05, (clip.d * speed) / 1000);
  const { width, height } = size;
  const silence = () => addInput("-f", "lavfi", "-t", String(sourceS), "-i", SILENCE);

  let picture: number;
  let sound: number;
  let hasOwnSound = false;
  if (source === undefined) {
    picture = addInput("-f", "lavfi", "-t", String(sourceS), "-i", `testsrc2=s=${width}x${height}:r=30`);
    sound = silence();
  } else if (source.kind === "image") {
    const still = source.extension === "gif" ? ["-ignore_loop", "0"] : ["-loop", "1"];
    picture = addInput(
      ...inputOptions(source.extension),
      ...still,
      "-t",
      String(sourceS),
      "-i",
      `file:${source.path}`,
    );
    sound = silence();
  } else {
    hasOwnSound = source.facts?.hasAudio ?? false;
    picture = addInput(
      ...[...inputOptions(source.extension), "-ss", String(startS), "-t", String(sourceS)],
      ...["-i", `file:${source.path}`],
    );
    sound = hasOwnSound ? picture : silence();
  }

  const looks = Object.entries(clip.m.effects ?? {}).flatMap(
    ([name, value]) => lookFilter(name, value) ?? [],
  );
  const video = [
    `setpts=(PTS-STARTPTS)/${speed}`,
    `scale=${width}:${height}:force_original_aspect_ratio=decrease`,
    `pad=${width}:${height}:(ow-iw)/2:(oh-ih)/2`,
    "setsar=1",
    "fps=30",
    ...looks,
    "format=yuv420p",
  ];
  // Sound is filled up or cut to the picture's length, so that the parts stay together.
  const audio = [
    "aresample=44100",
    "aformat=channel_layouts=stereo",
    "asetpts=PTS-STARTPTS",
    ...tempo(speed),
    `volume=${volumeOf(clip)}`,
    "apad",
    `atrim=0:${sourceS / speed}`,
  ];
  return { video: `[${picture}:v]${video.join(",")}`, audio: `[${sound}:a]${audio.join(",")}` };
}

/** The effects that ffmpeg can show; the others stay metadata. */
function lookFilter(name: string, value: string): string | null {
  switch (name) {
    case "brightness":
      return value === "down" ? "eq=brightness=-0.12" : "eq=brightness=0.1";
    case "warm":
      return "colorbalance=rs=0.12:bs=-0.12";
    case "cool":
      return "colorbalance=rs=-0.12:bs=0.12";
    case "black-and-white":
      return "hue=s=0";
    case "vintage":
      return "curves=preset=vintage";
    case "blur":
      return "boxblur=6";
    case "cinematic":
      return "eq=contrast=1.15:saturation=0.9";
    default:
      return null;
  }
}

/** `atempo` takes 0.5–2 well; more is done in steps. */
function tempo(speed: number): string[] {
  const steps: string[] = [];
  let left = speed;
  while (left > 2) {
    steps.push("atempo=2");
    left /= 2;
  }
  while (left < 0.5) {
    steps.push("atempo=0.5");
    left /= 0.5;
  }
  return [...steps, `atempo=${left}`];
}

function volumeOf(segment: DraftSegment): number {
  return Math.min(2, Math.max(0, segment.v ?? 1));
}

function even(canvas: { width: number; height: number }): { width: number; height: number } {
  const side = (length: number) => Math.min(1920, Math.max(64, Math.round(length / 2) * 2));
  return { width: side(canvas.width), height: side(canvas.height) };
}

/** Breaks long titles; `drawtext` does not. */
function wrap(title: string): string {
  const line = /[\u2e80-\uffff]/.test(title) ? /.{1,16}/gu : /.{1,32}(?:\s|$)|.{1,32}/gu;
  return (title.replace(/\s+/g, " ").match(line) ?? []).map((part) => part.trim()).join("\n");
}

/** A font for a title's script, by fontconfig; its own default where that is not installed. */
async function findFont(title: string, signal: AbortSignal): Promise<string> {
  const script = /[\u2e80-\uffff]/.test(title) ? "sans:lang=zh-cn" : "sans:bold";
  try {
    const path = await runProgram("fc-match", ["-f", "%{file}", script], { timeoutMs: 5_000, signal });
    return /^[\w/. -]+$/.test(path) ? `fontfile='${path}'` : "font=Sans";
  } catch {
    // No fontconfig tools: ffmpeg looks for itself, or the film goes without titles.
    return "font=Sans";
  }
}
