/**
 * Uploads, by multipart and by URL: streamed to disk, checked, and put on the timeline.
 * Source: nemo-api.md, the rows "Upload file" and "Upload URL", codes 4001 and 4002.
 */
import type { IncomingMessage } from "node:http";
import { finished } from "node:stream/promises";
import busboy from "busboy";
import { request } from "undici";
import { Refusal } from "../answers.ts";
import { placeClip } from "../project/project.ts";
import type { Session } from "../project/sessions.ts";
import { type MediaFacts, probe } from "./ffmpeg.ts";
import { extensionOf, type FileStore, MEDIA_TYPES, type StoredFile } from "./file-store.ts";
import type { Source } from "./film.ts";

/** Files in one request. */
const MAX_FILES = 20;
/** Multipart headers and boundaries around the files. */
const MULTIPART_SLACK_BYTES = 64 * 1024;
const MAX_REDIRECTS = 3;
const FETCH_TIMEOUT_MS = 60_000;
const DEFAULT_DURATION_MS = 10_000;
const IMAGE_DURATION_MS = 3_000;

/** A file that arrived whole. */
export interface ReceivedFile {
  name: string;
  stored: StoredFile;
}

/** Reads a multipart body. Throws a `Refusal` for what the backend would not take, and keeps nothing then. */
export async function receiveMultipart(
  incoming: IncomingMessage,
  store: FileStore,
  limitBytes: number,
  signal: AbortSignal,
): Promise<ReceivedFile[]> {
  const declared = incoming.headers["content-length"];
  if (declared === undefined) throw new Refusal(411, "Content-Length is required");
  if (Number(declared) > MAX_FILES * limitBytes + MULTIPART_SLACK_BYTES) throw tooLarge(limitBytes);

  let parser: busboy.Busboy;
  try {
    parser = busboy({
      headers: incoming.headers,
      defParamCharset: "utf8",
      limits: { files: MAX_FILES, fields: 1, fieldSize: 1024 },
    });
  } catch (cause) {
    throw new Refusal(400, cause instanceof Error ? cause.message : "Malformed multipart body");
  }

  const saving: Promise<ReceivedFile>[] = [];
  const failed = new AbortController();
  const fail = (reason: Refusal) => failed.abort(reason);
  parser.on("error", () => {
    // `finished` reports it; a parser destroyed halfway complains once more.
  });
  parser.on("field", (name) => fail(new Refusal(400, `Unexpected field: ${name}`)));
  parser.on("filesLimit", () => fail(new Refusal(400, `At most ${MAX_FILES} files in one request`)));
  parser.on("file", (part, stream, info) => {
    stream.on("error", () => {
      // The part ends early when the request does; `save` reports that.
    });
    const name = info.filename ?? "";
    const problem = partProblem(part, name);
    if (problem !== null) {
      stream.resume();
      fail(problem);
      return;
    }
    const saved = store.save(stream, extensionOf(name), limitBytes, failed.signal);
    const received = saved.then((stored) => ({ name, stored }));
    received.catch((error: unknown) =>
      fail(error instanceof Refusal ? error : new Refusal(400, "Upload broke off")),
    );
    saving.push(received);
  });

  try {
    incoming.pipe(parser);
    const parsed = finished(parser, { signal: AbortSignal.any([failed.signal, signal]) });
    // `pipe` does not tell the parser when the client is gone.
    const onClose = () => {
      if (!incoming.complete) fail(new Refusal(400, "Upload broke off"));
    };
    incoming.once("close", onClose);
    await parsed;
    incoming.off("close", onClose);
    const files = await Promise.all(saving);
    if (files.length === 0) throw new Refusal(400, "No part named files");
    return files;
  } catch (error) {
    incoming.unpipe(parser);
    incoming.resume();
    parser.destroy();
    for (const outcome of await Promise.allSettled(saving)) {
      if (outcome.status === "fulfilled") await store.discard(outcome.value.stored);
    }
    if (signal.aborted) throw signal.reason;
    if (failed.signal.aborted) throw failed.signal.reason;
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, error instanceof Error ? error.message : "Malformed multipart body");
  }
}

function partProblem(part: string, name: string): Refusal | null {
  if (part !== "files") return new Refusal(400, `Unexpected part: ${part}`);
  if (name === "") return new Refusal(400, "A file without a name");
  return typeProblem(name);
}

function typeProblem(name: string): Refusal | null {
  const extension = extensionOf(name);
  if (Object.hasOwn(MEDIA_TYPES, extension)) return null;
  return new Refusal(4001, `Unsupported file type: ${extension === "" ? "none" : extension}`);
}

function tooLarge(limitBytes: number): Refusal {
  return new Refusal(4002, `File too large, the limit is ${limitBytes} bytes`);
}

/** Fetches the URLs, one after the other, as the backend would. Throws a `Refusal`, and keeps nothing then. */
export async function receiveUrls(
  urls: readonly string[],
  store: FileStore,
  limitBytes: number,
  signal: AbortSignal,
): Promise<ReceivedFile[]> {
  const received: ReceivedFile[] = [];
  try {
    for (const url of urls) received.push(await fetchFile(url, store, limitBytes, signal));
    return received;
  } catch (error) {
    for (const file of received) await store.discard(file.stored);
    throw error;
  }
}

async function fetchFile(
  address: string,
  store: FileStore,
  limitBytes: number,
  signal: AbortSignal,
): Promise<ReceivedFile> {
  let url = new URL(address);
  for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
    if (!/^https?:$/.test(url.protocol)) throw new Refusal(400, "Only http and https URLs");
    const answer = await request(url, {
      signal: AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]),
      headersTimeout: FETCH_TIMEOUT_MS,
    }).catch((cause: unknown) => {
      if (signal.aborted) throw signal.reason;
      throw new Refusal(
        400,
        `Could not fetch the URL: ${cause instanceof Error ? cause.message : "no answer"}`,
      );
    });
    const location = answer.headers.location;
    if (answer.statusCode >= 300 && answer.statusCode < 400 && typeof location === "string") {
      await answer.body.dump();
      url = new URL(location, url);
      continue;
    }
    if (answer.statusCode !== 200) {
      await answer.body.dump();
      throw new Refusal(400, `Could not fetch the URL: HTTP ${answer.statusCode}`);
    }
    const name = nameOf(url, String(answer.headers["content-type"] ?? ""));
    const problem =
      typeProblem(name) ??
      (Number(answer.headers["content-length"] ?? 0) > limitBytes ? tooLarge(limitBytes) : null);
    if (problem !== null) {
      // Destroying an unread body is an error to undici; here it is what we want.
      answer.body.on("error", () => undefined).destroy();
      throw problem;
    }
    try {
      return { name, stored: await store.save(answer.body, extensionOf(name), limitBytes, signal) };
    } catch (error) {
      if (error instanceof Refusal || signal.aborted) throw error;
      throw new Refusal(400, "The URL's body broke off");
    }
  }
  throw new Refusal(400, "Too many redirects");
}

/** The file name in the address; without a known extension there, one after the MIME type. */
function nameOf(url: URL, contentType: string): string {
  let name = url.pathname.split("/").at(-1) ?? "";
  try {
    name = decodeURIComponent(name);
  } catch {
    // Not valid percent-encoding: the name stays as it is.
  }
  if (Object.hasOwn(MEDIA_TYPES, extensionOf(name))) return name;
  const mime = contentType.split(";")[0]?.trim().toLowerCase();
  const known = Object.entries(MEDIA_TYPES).find(([, media]) => media.mime === mime);
  return known === undefined ? name : `${name === "" ? "file" : name}.${known[0]}`;
}

/** Puts received files into the project; returns the answer's `files`. */
export async function placeFiles(
  session: Session,
  files: readonly ReceivedFile[],
  context: {
    ffmpeg: string | null;
    sources: Map<string, Source>;
    publicUrl(stored: StoredFile, name: string): string;
    /** False: in the project only. */
    isOnTimeline: boolean;
    signal: AbortSignal;
  },
): Promise<Record<string, unknown>[]> {
  const placed: Record<string, unknown>[] = [];
  for (const { name, stored } of files) {
    const media = MEDIA_TYPES[stored.extension];
    // `save` takes known extensions only.
    if (media === undefined) continue;
    const facts = await probe(context.ffmpeg, stored, context.signal);
    const durationMs =
      media.kind === "image" ? IMAGE_DURATION_MS : (facts?.durationMs ?? DEFAULT_DURATION_MS);
    context.sources.set(stored.id, {
      path: stored.path,
      extension: stored.extension,
      kind: media.kind,
      facts,
    });
    const info = {
      filename: name,
      file_type: media.kind,
      cdn_url: context.publicUrl(stored, name),
      duration: media.kind === "image" ? 0 : durationMs / 1000,
      ...sizeOf(media.kind, facts),
      hash: stored.hash,
    };
    const { project } = session;
    if (media.kind !== "audio" && project.video_infos.every((each) => each.file_type === "audio")) {
      project.canvas_config = canvasOf(facts);
    }
    project.video_infos.push(info);
    project.video_analyses.push({ filename: name, summary: `${media.kind} of ${durationMs / 1000} s` });
    session.uploads.push({ mediaId: stored.id, name, url: info.cdn_url });
    if (context.isOnTimeline) {
      placeClip(project, {
        mediaId: stored.id,
        name: name.replace(/\.[^.]*$/, ""),
        kind: media.kind,
        durationMs,
      });
    }
    placed.push(info);
  }
  return placed;
}

function sizeOf(kind: "video" | "image" | "audio", facts: MediaFacts | null): Record<string, number | null> {
  if (kind === "audio") return { width: null, height: null, fps: null };
  return {
    width: facts?.width ?? 1280,
    height: facts?.height ?? 720,
    fps: kind === "image" ? null : (facts?.fps ?? 30),
  };
}

/** The first clip's own shape, within 1080p. */
function canvasOf(facts: MediaFacts | null): { width: number; height: number; ratio: string } {
  const [width, height] = [facts?.width ?? 1280, facts?.height ?? 720];
  const scale = Math.min(1, 1920 / Math.max(width, height), 1080 / Math.min(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale), ratio: "original" };
}
