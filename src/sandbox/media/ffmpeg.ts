/**
 * Finds ffmpeg and runs it and ffprobe, bounded in time and number. Input formats are always forced: a file
 * that claims to be a clip and is a playlist could otherwise make ffmpeg open other files.
 */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";

/** The demuxer of each extension. */
const DEMUXERS: Record<string, string> = {
  mp4: "mov",
  mov: "mov",
  m4a: "mov",
  webm: "matroska",
  mkv: "matroska",
  avi: "avi",
  jpg: "image2",
  jpeg: "image2",
  png: "image2",
  webp: "image2",
  gif: "gif",
  mp3: "mp3",
  wav: "wav",
  aac: "aac",
};

/** More processes at once would only be slower. */
const MAX_RUNNING = 2;
const MAX_OUTPUT_CHARS = 64_000;

/** What ffprobe knows of a file. */
export interface MediaFacts {
  durationMs: number | null;
  width: number | null;
  height: number | null;
  fps: number | null;
  hasAudio: boolean;
}

/** Options that make ffmpeg read a file of that extension as what it claims to be. */
export function inputOptions(extension: string): string[] {
  const demuxer = DEMUXERS[extension] ?? "mov";
  return ["-f", demuxer, ...(demuxer === "image2" ? ["-pattern_type", "none"] : [])];
}

/** The name of ffmpeg when it is on the PATH; null when it is not. */
export async function findFfmpeg(signal: AbortSignal): Promise<string | null> {
  try {
    await runProgram("ffmpeg", ["-version"], { timeoutMs: 10_000, signal });
    return "ffmpeg";
  } catch {
    // Not installed: renders give the uploaded clip.
    return null;
  }
}

let running = 0;
const queue: (() => void)[] = [];

/**
 * Runs a program to its end and returns its output. Throws when it fails, when `timeoutMs` is over, or with
 * the signal; the process is killed then.
 */
export async function runProgram(
  program: string,
  args: string[],
  options: { cwd?: string; timeoutMs: number; signal: AbortSignal },
): Promise<string> {
  while (running >= MAX_RUNNING) await new Promise<void>((resolve) => queue.push(resolve));
  options.signal.throwIfAborted();
  running += 1;
  try {
    return await new Promise<string>((resolve, reject) => {
      const child = spawn(program, args, {
        ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
        stdio: ["ignore", "pipe", "pipe"],
        killSignal: "SIGKILL",
        timeout: options.timeoutMs,
        signal: options.signal,
      });
      let output = "";
      let complaint = "";
      child.stdout.on("data", (data: Buffer) => {
        if (output.length < MAX_OUTPUT_CHARS) output += data.toString();
      });
      child.stderr.on("data", (data: Buffer) => {
        complaint = (complaint + data.toString()).slice(-2_000);
      });
      child.on("error", reject);
      child.on("close", (code) => {
        if (code === 0) resolve(output);
        else reject(new Error(`${program} ended with ${code ?? "a signal"}: ${complaint}`));
      });
    });
  } finally {
    running -= 1;
    queue.shift()?.();
  }
}

/** Asks ffprobe, which lies beside ffmpeg or on the PATH as it does; null when it cannot say. */
export async function probe(
  ffmpeg: string | null,
  file: { path: string; extension: string },
  signal: AbortSignal,
): Promise<MediaFacts | null> {
  if (ffmpeg === null) return null;
  const ffprobe = join(dirname(ffmpeg), "ffprobe");
  const args = [
    ...["-v", "error", ...inputOptions(file.extension)],
    ...["-show_entries", "format=duration:stream=codec_type,width,height,avg_frame_rate", "-of", "json"],
    `file:${file.path}`,
  ];
  try {
    return readFacts(JSON.parse(await runProgram(ffprobe, args, { timeoutMs: 10_000, signal })));
  } catch {
    // Not a media file, or no ffprobe: the caller has its defaults.
    return null;
  }
}

function readFacts(answer: {
  format?: { duration?: string };
  streams?: { codec_type?: string; width?: number; height?: number; avg_frame_rate?: string }[];
}): MediaFacts {
  const video = answer.streams?.find((stream) => stream.codec_type === "video");
  const [frames = 0, per = 1] = (video?.avg_frame_rate ?? "").split("/").map(Number);
  const durationS = Number(answer.format?.duration);
  return {
    durationMs: durationS > 0 ? Math.round(durationS * 1000) : null,
    width: video?.width ?? null,
    height: video?.height ?? null,
    fps: frames > 0 && per > 0 ? Math.round((frames / per) * 100) / 100 : null,
    hasAudio: answer.streams?.some((stream) => stream.codec_type === "audio") ?? false,
  };
}
