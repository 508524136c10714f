/**
 * Files on their way to the backend: checked before a byte moves, one by one, each with an end the person
 * sees. Source: nemo-api.md, "Endpoints" (upload) and "Formats".
 */
import { BackendError } from "../model/backend-error.ts";
import type { Conversation } from "../model/conversation.ts";
import { formatBytes, formatDuration, mimeTypeOf, SUPPORTED_FORMATS } from "../model/file-formats.ts";
import type { TextParams } from "../model/locales.ts";
import type { Attachment } from "../model/message.ts";
import { listText, type RichText } from "../model/rich-text.ts";
import { isShutdown } from "../model/stop.ts";
import { AttachmentError, type OpenedAttachment } from "../ports/chat-platform.ts";
import type { BackendCaller, SessionRef, UploadedMedia } from "../ports/video-backend.ts";
import { exampleButtons, examplesFor } from "../reply/greeting.ts";
import { Progress } from "../reply/progress.ts";
import { asSound } from "./as-sound.ts";
import type { Chat } from "./chat.ts";
import { isLink, whyRefused } from "./fitness.ts";

/** How many examples a person gets who sent a file without words. */
const EXAMPLES_AFTER_UPLOAD = 2;

/**
 * Uploads the files in order. The person has read about each one that did not arrive, and then `words` wait
 * for the retry button. Throws `session-lost` and the signal's reason.
 */
export async function uploadAttachments(
  chat: Chat,
  session: SessionRef,
  files: { attachments: Attachment[]; words: string },
  signal: AbortSignal,
): Promise<{ arrived: number; missing: number }> {
  const refused: Attachment[] = [];
  const failed: Attachment[] = [];
  for (const [index, attachment] of files.attachments.entries()) {
    const end = await uploadOne(chat, session, attachment, index, signal);
    if (end === "refused") refused.push(attachment);
    if (end === "failed") failed.push(attachment);
  }
  const missing = refused.length + failed.length;
  if (missing > 0) await keepWords(chat, files.words, failed);
  return { arrived: files.attachments.length - missing, missing };
}

/** The words of a message whose files did not all arrive wait for the retry button, failed files with them. */
async function keepWords(chat: Chat, words: string, failed: Attachment[]): Promise<void> {
  if (failed.length === 0 && words === "") return;
  await chat.keepForRetry({ text: words, attachments: failed });
  const { speaker } = chat;
  const key = failed.length > 0 ? "upload.try-again" : "upload.words-kept";
  const label = failed.length > 0 ? "button.retry" : "button.words-only";
  await speaker.say(key, { words }, { buttons: [[speaker.button(label, chat.retry)]] });
}

/** Says of each file why it cannot be taken, and keeps the words. */
export async function refuseAttachments(chat: Chat, attachments: Attachment[], words: string): Promise<void> {
  for (const attachment of attachments) await refuse(chat, attachment);
  await keepWords(chat, words, []);
}

/** Says why a file cannot be taken; false when it can. */
async function refuse(chat: Chat, attachment: Attachment): Promise<boolean> {
  const unfit = await whyRefused(chat.context, chat.skill, attachment);
  if (!unfit) return false;
  const params: TextParams = {
    name: attachment.name,
    formats: chat.speaker.list(SUPPORTED_FORMATS),
    limit: formatBytes(unfit.limitBytes),
    size: formatBytes(attachment.sizeBytes ?? 0),
  };
  await chat.speaker.say(unfit.key, params, { tone: "error" });
  return true;
}

/** `refused`: the same file can never work. `failed`: it may work another time. */
async function uploadOne(
  chat: Chat,
  session: SessionRef,
  attachment: Attachment,
  index: number,
  signal: AbortSignal,
): Promise<"arrived" | "refused" | "failed"> {
  const { speaker, context } = chat;
  if (await refuse(chat, attachment)) return "refused";
  if (arrivedBefore(chat, chat.record).includes(index)) return "arrived";
  const progress = new Progress(context, speaker).start();
  try {
    await progress.show(speaker.rich("upload.started", { name: attachment.name }));
    const opened = await asSound(await openAttachment(chat, attachment, signal), attachment, signal);
    const caller = await chat.caller();
    const media = await send(chat, caller, session, { opened, name: attachment.name }, progress, signal);
    await chat.update((current) => ({
      ...current,
      // One that was sent before, and is sent again, stands there once.
      files: [...withoutFiles(current.files, [attachment]), attachment].slice(
        -context.limits.maxRememberedFiles,
      ),
      arrived: { itemId: chat.itemId, files: [...arrivedBefore(chat, current), index] },
      uploads: withUpload(current.uploads ?? [], session, attachment.name, media).slice(
        -context.limits.maxUploads,
      ),
    }));
    context.metrics.uploaded(opened.kind === "stream" ? opened.sizeBytes : (attachment.sizeBytes ?? 0));
    await progress.finish(describeMedia(chat, attachment, media));
    return "arrived";
  } catch (error) {
    if (isShutdown(signal)) {
      // The process that takes over sends it again.
      await progress.finish("handed-over");
      throw error;
    }
    await progress.finish(speaker.rich("upload.failed", { name: attachment.name }));
    if (error instanceof AttachmentError) {
      const params = { name: attachment.name, limit: formatBytes(error.limitBytes ?? 0) };
      await speaker.say(`upload.${error.kind}`, params, { tone: "error" });
      return "refused";
    }
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    await speaker.send(chat.failure(error, false));
    return error.kind === "too-large" || error.kind === "unsupported-file" ? "refused" : "failed";
  }
}

/** Under our name for the file and the backend's. */
function withUpload(
  uploads: NonNullable<Conversation["uploads"]>,
  { sessionId }: SessionRef,
  name: string,
  media: UploadedMedia | undefined,
): NonNullable<Conversation["uploads"]> {
  const { url } = media ?? {};
  if (!url) return uploads;
  const names = new Set([name, media?.name ?? ""].filter((one) => one !== ""));
  return [...uploads, ...[...names].map((one) => ({ sessionId, name: one, url }))];
}

/** Places of the files of this item that have arrived, in an earlier process perhaps. */
function arrivedBefore(chat: Chat, { arrived }: Conversation): number[] {
  return arrived?.itemId === chat.itemId ? arrived.files : [];
}

/** A link that a person wrote goes to the backend as it is; everything else is opened by its platform. */
function openAttachment(chat: Chat, attachment: Attachment, signal: AbortSignal): Promise<OpenedAttachment> {
  if (isLink(attachment)) {
    return Promise.resolve({ kind: "url", url: attachment.url, fallback: null });
  }
  const platform = chat.context.platforms.get(attachment.platform);
  if (!platform) throw new AttachmentError("gone");
  return platform.openAttachment(attachment, signal);
}

async function send(
  chat: Chat,
  caller: BackendCaller,
  session: SessionRef,
  file: { opened: OpenedAttachment; name: string },
  progress: Progress,
  signal: AbortSignal,
): Promise<UploadedMedia | undefined> {
  const { backend } = chat.context;
  const { sessionId } = session;
  const { opened } = file;
  if (opened.kind === "stream") {
    if (opened.sizeBytes > chat.skill.maxFileBytes) {
      throw new BackendError({ kind: "too-large", operation: "upload file" });
    }
    const upload = {
      sessionId,
      files: [{ ...opened, mimeType: mimeTypeOf(opened) }],
      onProgress: (sentBytes: number, totalBytes: number) => {
        const percent = Math.floor((100 * sentBytes) / Math.max(1, totalBytes));
        void progress.showIfDue(chat.speaker.rich("upload.progress", { name: file.name, percent }));
      },
    };
    return (await backend.uploadFiles(caller, upload, signal))[0];
  }
  try {
    return (await backend.uploadUrls(caller, { sessionId, urls: [opened.url] }, signal))[0];
  } catch (error) {
    const canFallBack =
      error instanceof BackendError && error.kind !== "session-lost" && error.kind !== "no-credits";
    if (!opened.fallback || !canFallBack) throw error;
    chat.context.log.info(
      { err: error, conversation: chat.id },
      "the backend could not fetch a file; streaming it",
    );
    return send(chat, caller, session, { ...file, opened: await opened.fallback(signal) }, progress, signal);
  }
}

function describeMedia(chat: Chat, attachment: Attachment, media: UploadedMedia | undefined): RichText {
  const facts = chat.speaker.facts([
    media?.durationS ? formatDuration(media.durationS * 1000) : null,
    media?.width && media.height ? `${media.width}×${media.height}` : null,
  ]);
  return chat.speaker.rich("upload.done", {
    name: attachment.name,
    facts,
  });
}

/** A file without words: asks what to do with it. `kept` are words that lost their file before. */
export async function askWhatToDo(chat: Chat, kept: string | null): Promise<void> {
  const { speaker, skill } = chat;
  const examples = [
    ...(kept ? [kept] : []),
    ...examplesFor(chat.context, skill, speaker.language, true),
  ].slice(0, EXAMPLES_AFTER_UPLOAD);
  await speaker.say(
    "upload.what-next",
    { examples: listText(examples) },
    { buttons: exampleButtons(examples) },
  );
}

/** `files` without those in `repeated`. */
export function withoutFiles(files: Attachment[], repeated: Attachment[]): Attachment[] {
  return files.filter((file) => !repeated.some((one) => isSameFile(one, file)));
}

/** By the platform's id where there is one: an address is signed each time. */
function isSameFile(one: Attachment, other: Attachment): boolean {
  if (one.fileId === undefined) return JSON.stringify(one) === JSON.stringify(other);
  return one.platform === other.platform && one.fileId === other.fileId;
}
