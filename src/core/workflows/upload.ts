/**
 * Files on their way to the backend: checked before a byte moves, one by one, each with an end that one message
 * tells. Source: nemo-api.md, "Endpoints" (upload) and "Formats".
 */
import { BackendError } from "../model/backend-error.ts";
import type { Conversation } from "../model/conversation.ts";
import { formatBytes, formatDuration, mimeTypeOf, SUPPORTED_FORMATS } from "../model/file-formats.ts";
import type { TextParams } from "../model/locales.ts";
import type { Attachment, Button } from "../model/message.ts";
import { joinText, listText, type RichText } from "../model/rich-text.ts";
import { isShutdown } from "../model/stop.ts";
import { AttachmentError, type OpenedAttachment } from "../ports/chat-platform.ts";
import type { BackendCaller, SessionRef, UploadedMedia } from "../ports/video-backend.ts";
import { exampleButtons, examplesFor } from "../reply/greeting.ts";
import type { MessageDraft } from "../reply/speaker.ts";
import { asSound } from "./as-sound.ts";
import type { Chat } from "./chat.ts";
import { isLink, whyRefused } from "./fitness.ts";

/** How many examples a person gets who sent a file without words. */
const EXAMPLES_AFTER_UPLOAD = 2;
/** Files whose way to their bytes is looked up while an earlier one is sent. */
const OPENED_AHEAD = 2;

/** How the files of one message have fared; the person has not read of it yet. */
export interface UploadEnd {
  /** One line a file that has arrived. */
  added: RichText[];
  /** One line a file that has not. */
  problems: RichText[];
  /** It may work another time. */
  failed: Attachment[];
  /** What only the person themselves may read, such as how to get more credits. */
  privately: MessageDraft | null;
}

/** Uploads the files in order, shown in the living message. Throws `session-lost` and the signal's reason. */
export async function uploadAttachments(
  chat: Chat,
  session: SessionRef,
  attachments: Attachment[],
  signal: AbortSignal,
): Promise<UploadEnd> {
  const end: UploadEnd = { added: [], problems: [], failed: [], privately: null };
  const opened = openedAhead(chat, attachments, signal);
  for (const [index, attachment] of attachments.entries()) {
    const file = { attachment, index, count: attachments.length, open: () => opened(index) };
    await uploadOne(chat, session, file, end, signal);
  }
  return end;
}

/** Says which files have not arrived, and keeps the words and what may work another time for the retry button. */
export async function tellMissing(chat: Chat, words: string, end: UploadEnd): Promise<void> {
  const { speaker } = chat;
  const { failed } = end;
  const isKept = failed.length > 0 || words !== "";
  if (isKept) await chat.keepForRetry({ text: words, attachments: failed });
  const key = failed.length > 0 ? "upload.try-again" : "upload.words-kept";
  const label = failed.length > 0 ? "button.retry" : "button.words-only";
  const text = speaker.paragraphs(...filesText(chat, end), isKept ? speaker.rich(key, { words }) : []);
  const buttons = isKept ? [[speaker.button(label, chat.retry)]] : [];
  await chat.living.end({ tone: "error", text, buttons });
  if (end.privately) await speaker.send(end.privately);
}

/** Says of files that can all not be taken why, and keeps the words. */
export async function refuseAttachments(chat: Chat, attachments: Attachment[], words: string): Promise<void> {
  const end: UploadEnd = { added: [], problems: [], failed: [], privately: null };
  for (const attachment of attachments) {
    const refusal = await refusalOf(chat, attachment);
    if (refusal) end.problems.push(refusal);
  }
  await tellMissing(chat, words, end);
}

/** Why a file cannot be taken; null when it can. */
async function refusalOf(chat: Chat, attachment: Attachment): Promise<RichText | null> {
  const unfit = await whyRefused(chat.context, chat.skill, attachment);
  if (!unfit) return null;
  const params: TextParams = {
    name: attachment.name,
    formats: chat.speaker.list(SUPPORTED_FORMATS),
    limit: formatBytes(unfit.limitBytes),
    size: formatBytes(attachment.sizeBytes ?? 0),
  };
  return chat.speaker.rich(unfit.key, params);
}

interface FileInTurn {
  attachment: Attachment;
  index: number;
  /** Files of the message. */
  count: number;
  open: () => Promise<OpenedAttachment>;
}

async function uploadOne(
  chat: Chat,
  session: SessionRef,
  file: FileInTurn,
  end: UploadEnd,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const { attachment, index } = file;
  const refusal = await refusalOf(chat, attachment);
  if (refusal) return void end.problems.push(refusal);
  if (arrivedBefore(chat, chat.record).includes(index)) {
    return void end.added.push(describeMedia(chat, attachment, undefined));
  }
  const { name } = attachment;
  chat.living.start().status(() => uploadText(chat, file, end, null));
  try {
    const opened = await asSound(await file.open(), attachment, signal);
    const media = await send(chat, await chat.caller(), session, { ...file, opened }, end, signal);
    await chat.update(({ unseenEdit: _changedSince, ...current }) => ({
      ...current,
      // One that was sent before, and is sent again, stands there once.
      files: [...withoutFiles(current.files, [attachment]), attachment].slice(
        -context.limits.maxRememberedFiles,
      ),
      arrived: { itemId: chat.itemId, files: [...arrivedBefore(chat, current), index] },
      uploads: withUpload(current.uploads ?? [], session, name, media).slice(-context.limits.maxUploads),
    }));
    context.metrics.uploaded(opened.kind === "stream" ? opened.sizeBytes : (attachment.sizeBytes ?? 0));
    end.added.push(describeMedia(chat, attachment, media));
  } catch (error) {
    // The process that takes over sends it again.
    if (isShutdown(signal)) throw error;
    if (error instanceof AttachmentError) {
      const params = { name, limit: formatBytes(error.limitBytes ?? 0) };
      return void end.problems.push(speaker.rich(`upload.${error.kind}`, params));
    }
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    const failure = chat.failure(error, false);
    const isPrivate = failure.tone === "private";
    if (isPrivate) end.privately ??= failure;
    const why = isPrivate ? [] : failure.text;
    end.problems.push(joinText([speaker.rich("upload.failed", { name }), why], " "));
    if (error.kind !== "too-large" && error.kind !== "unsupported-file") end.failed.push(attachment);
  }
}

/** Opens each file once it is asked for, and the next ones a little ahead. */
function openedAhead(
  chat: Chat,
  attachments: Attachment[],
  signal: AbortSignal,
): (index: number) => Promise<OpenedAttachment> {
  const opened = new Map<number, Promise<OpenedAttachment>>();
  const open = (index: number): Promise<OpenedAttachment> => {
    const known = opened.get(index);
    if (known) return known;
    const attachment = attachments[index];
    const opening = attachment
      ? openAttachment(chat, attachment, signal)
      : Promise.reject(new AttachmentError("gone"));
    // Asked for later, or never: an earlier file may have ended it all.
    opening.catch(() => {});
    opened.set(index, opening);
    return opening;
  };
  return (index) => {
    const asked = open(index);
    for (let next = index + 1; next <= Math.min(index + OPENED_AHEAD, attachments.length - 1); next++)
      open(next);
    return asked;
  };
}

/** What the living message says while a file is sent; `sent` is null before its first byte. */
function uploadText(
  { speaker }: Chat,
  { attachment: { name }, count }: FileInTurn,
  { added, problems }: UploadEnd,
  sent: { percent: number; bytesPerS: number } | null,
): RichText {
  const speed = sent && sent.bytesPerS > 0 ? ` · ${formatBytes(sent.bytesPerS)}/s` : "";
  const now = sent
    ? speaker.rich("upload.progress", { name, percent: sent.percent, speed })
    : speaker.rich("upload.started", { name });
  const soFar = count > 1 ? speaker.rich("upload.so-far", { done: added.length, count }) : [];
  return joinText([now, soFar, ...problems], "\n");
}

/** What the person reads of the files in the end. */
function filesText({ speaker }: Chat, { added, problems }: UploadEnd): RichText[] {
  const [only, ...others] = added;
  const good = others.length > 0 ? speaker.rich("upload.done-many", { count: added.length }) : (only ?? []);
  return [good, joinText(problems, "\n")];
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
  file: FileInTurn & { opened: OpenedAttachment },
  end: UploadEnd,
  signal: AbortSignal,
): Promise<UploadedMedia | undefined> {
  const { backend, clock } = chat.context;
  const { sessionId } = session;
  const { opened, attachment } = file;
  if (opened.kind === "stream") {
    if (opened.sizeBytes > chat.skill.maxFileBytes) {
      throw new BackendError({ kind: "too-large", operation: "upload file" });
    }
    const startedAt = clock.now();
    const upload = {
      sessionId,
      files: [{ ...opened, mimeType: mimeTypeOf(opened) }],
      onProgress: (sentBytes: number, totalBytes: number) => {
        const percent = Math.floor((100 * sentBytes) / Math.max(1, totalBytes));
        const bytesPerS = (1000 * sentBytes) / Math.max(1, clock.now() - startedAt);
        chat.living.quietStatus(() => uploadText(chat, file, end, { percent, bytesPerS }));
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
      { err: error, conversation: chat.id, name: attachment.name },
      "the backend could not fetch a file; streaming it",
    );
    return send(chat, caller, session, { ...file, opened: await opened.fallback(signal) }, end, signal);
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

/** What is to be done with files that came without words. */
export interface FilesQuestion {
  text: RichText;
  buttons: Button[][];
}

/** The usual question, with examples. `kept` are words that lost their file before. */
export function whatToDo({ context, speaker, skill }: Chat, kept: string | null): FilesQuestion {
  const fitting = examplesFor(context, skill, speaker.language, true);
  const examples = [...(kept ? [kept] : []), ...fitting].slice(0, EXAMPLES_AFTER_UPLOAD);
  const text = speaker.rich("upload.what-next", { examples: listText(examples) });
  return { text, buttons: exampleButtons(examples) };
}

/** Files without words: says what has arrived and what has not, and asks. */
export async function askAboutFiles(
  chat: Chat,
  end: UploadEnd,
  { text, buttons }: FilesQuestion,
): Promise<void> {
  const { speaker } = chat;
  const canRetry = end.failed.length > 0;
  if (canRetry) await chat.keepForRetry({ text: "", attachments: end.failed });
  await chat.living.end({
    text: speaker.paragraphs(...filesText(chat, end), text),
    buttons: [...buttons, ...(canRetry ? [[speaker.button("button.retry", chat.retry)]] : [])],
  });
  if (end.privately) await speaker.send(end.privately);
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
