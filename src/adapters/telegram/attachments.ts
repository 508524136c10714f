/**
 * Files of Telegram on their way out of it: streamed with a known length, resumed where a connection broke.
 * The download address holds the bot's token and never leaves this module. Source: Bot API, getFile.
 */
import { createReadStream } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { sep } from "node:path";
import { type Api, GrammyError, HttpError } from "grammy";
import { type Dispatcher, request } from "undici";
import { mimeTypeOf } from "../../core/model/file-formats.ts";
import type { Attachment } from "../../core/model/message.ts";
import { AttachmentError, type OpenedAttachment } from "../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../core/ports/runtime.ts";
import { askedWaitMs } from "./retry-after.ts";

/** What the cloud server lets bots fetch. A local server has no limit. */
export const CLOUD_DOWNLOAD_BYTES = 20 * 1024 * 1024;
/** Times a broken download is taken up again. */
const MAX_RESUMES = 5;
const RESUME_WAIT_MS = 500;
/** Times a file is asked for again when Telegram does not answer. */
const MAX_LOOKUPS = 4;

export interface FileOptions {
  apiRoot: string;
  token: string;
  /** Folder of a local Bot API server; null for the cloud. */
  localFilesDir: string | null;
  dispatcher: Dispatcher;
  clock: Clock;
  log: Log;
}

/** Makes a file ready. Throws `AttachmentError` when Telegram does not give it. */
export async function openTelegramFile(
  api: Api,
  attachment: Attachment,
  options: FileOptions,
  signal: AbortSignal,
): Promise<OpenedAttachment> {
  const { localFilesDir } = options;
  if (!localFilesDir && (attachment.sizeBytes ?? 0) > CLOUD_DOWNLOAD_BYTES) throw tooLarge();
  const { path, sizeBytes } = await findFile(api, attachment, options, signal);
  const size = sizeBytes ?? attachment.sizeBytes;
  const facts = { kind: "stream", name: attachment.name, mimeType: mimeTypeOf(attachment) } as const;
  if (localFilesDir) {
    const local = await insideOf(localFilesDir, path, options.log);
    const open = async (signal: AbortSignal) => {
      const stream = createReadStream(local.path, { signal });
      // Its reader gets the error; without this, one that comes before the reading would end the process.
      return stream.on("error", () => {});
    };
    return { ...facts, sizeBytes: local.sizeBytes, open };
  }
  if (size === undefined) throw new AttachmentError("gone");
  return {
    ...facts,
    sizeBytes: size,
    open: async (signal) => download(api, attachment, path, size, options, signal),
  };
}

/** Asks where a file lies; asking costs nothing, so trouble on the way is worth another try. */
async function findFile(
  api: Api,
  attachment: Attachment,
  { clock, log }: FileOptions,
  signal: AbortSignal,
): Promise<{ path: string; sizeBytes: number | undefined }> {
  for (let lookup = 1; ; lookup++) {
    try {
      const file = await api.getFile(attachment.fileId ?? "");
      if (!file.file_path) throw new AttachmentError("gone");
      return { path: file.file_path, sizeBytes: file.file_size };
    } catch (error) {
      const code = error instanceof GrammyError ? error.error_code : null;
      if (error instanceof GrammyError && code === 400) {
        if (error.description.includes("too big")) throw tooLarge();
        throw new AttachmentError("gone", { cause: error });
      }
      const isPassing = error instanceof HttpError || code === 429 || (code ?? 0) >= 500;
      if (!isPassing || lookup >= MAX_LOOKUPS) throw error;
      log.warn({ err: error, lookup }, "Telegram did not say where a file is; asking again");
      await clock.sleep(Math.max(RESUME_WAIT_MS * lookup, askedWaitMs(error)), signal);
    }
  }
}

function tooLarge(): AttachmentError {
  return new AttachmentError("too-large-for-platform", { limitBytes: CLOUD_DOWNLOAD_BYTES });
}

/** The file's real place, if that lies in the folder: no link and no `..` leads out of it. */
async function insideOf(dir: string, path: string, log: Log): Promise<{ path: string; sizeBytes: number }> {
  try {
    const [root, real] = await Promise.all([realpath(dir), realpath(path)]);
    const found = await stat(real);
    if (real.startsWith(root.endsWith(sep) ? root : root + sep) && found.isFile()) {
      return { path: real, sizeBytes: found.size };
    }
  } catch {
    // Not there, or not readable: said below.
  }
  log.error(
    {},
    "a file of the local Bot API server is not in TELEGRAM_LOCAL_FILES_DIR; check the shared folder",
  );
  throw new AttachmentError("gone");
}

/** The bytes from their start to exactly `sizeBytes`; a break is resumed where it happened. */
async function* download(
  api: Api,
  attachment: Attachment,
  firstPath: string,
  sizeBytes: number,
  options: FileOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  let path = firstPath;
  let offset = 0;
  for (let attempt = 0; ; attempt++) {
    try {
      for await (const chunk of fetchFrom(path, offset, options, signal)) {
        yield chunk;
        offset += chunk.length;
      }
      if (offset >= sizeBytes) return;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AttachmentError) throw error;
    }
    if (attempt >= MAX_RESUMES) throw new AttachmentError("gone");
    options.log.info({ offset, sizeBytes }, "a download from Telegram broke off; resuming");
    await options.clock.sleep(RESUME_WAIT_MS * (attempt + 1), signal);
    // The address lives an hour at least; a long queue can outlast it.
    ({ path } = await findFile(api, attachment, options, signal));
  }
}

async function* fetchFrom(
  path: string,
  offset: number,
  options: FileOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const url = `${options.apiRoot}/file/bot${options.token}/${path}`;
  const { statusCode, body } = await request(url, {
    dispatcher: options.dispatcher,
    signal,
    headers: offset > 0 ? { range: `bytes=${offset}-` } : {},
    bodyTimeout: 60_000,
  });
  if (statusCode !== 200 && statusCode !== 206) {
    await body.dump();
    throw new Error(`a download from Telegram answered ${statusCode}`);
  }
  // A server without ranges starts over: what we have is passed over.
  let skip = statusCode === 200 ? offset : 0;
  // undici gives Buffers.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    if (skip >= chunk.length) skip -= chunk.length;
    else {
      yield skip > 0 ? chunk.subarray(skip) : chunk;
      skip = 0;
    }
  }
}
