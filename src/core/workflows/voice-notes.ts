/** Voice notes: they have no name of their own, and what they are for is asked. Source: docs/usage.md, "Files and links". */
import type { Attachment, Button } from "../model/message.ts";
import type { Request } from "../model/request.ts";
import type { Chat } from "./chat.ts";
import type { FilesQuestion } from "./upload.ts";

/** The request with names for its voice notes, in the person's language; the name a note has in the project stays. */
export function withVoiceNames(chat: Chat, request: Request, receivedAt: number): Request {
  const known = [...chat.record.files];
  const attachments = request.attachments.map((file) => {
    if (!file.isVoice) return file;
    const before = known.find((one) => one.fileId !== undefined && one.fileId === file.fileId);
    const named = { ...file, name: before?.name ?? nameFor(chat, file, receivedAt, known) };
    known.push(named);
    return named;
  });
  return { ...request, attachments };
}

function nameFor(chat: Chat, file: Attachment, receivedAt: number, known: Attachment[]): string {
  const date = new Date(receivedAt).toISOString().slice(0, "2026-11-21".length);
  const extension = /\.\w+$/.exec(file.name)?.[0] ?? "";
  const name = (count: number) =>
    `${chat.speaker.plain("upload.voice-name", { date })}${count > 1 ? ` (${count})` : ""}${extension}`;
  let count = 1;
  while (known.some((one) => one.name === name(count))) count++;
  return name(count);
}

export function areVoiceNotes(attachments: Attachment[]): boolean {
  return attachments.every((file) => file.isVoice);
}

/** What voice notes that came without words are for. */
export function voiceQuestion({ speaker }: Chat, notes: Attachment[]): FilesQuestion {
  const names = notes.map(({ name }) => name.replace(/\.\w+$/, "")).join(", ");
  const edit = (label: "button.voice-over" | "button.background-sound", key: VoiceEdit): Button =>
    speaker.button(label, { kind: "edit", text: speaker.plain(key, { names }) });
  const buttons = [
    [edit("button.voice-over", "upload.as-voice-over")],
    [edit("button.background-sound", "upload.as-background")],
    [speaker.button("button.keep-files", { kind: "keep-files" })],
  ];
  return { text: speaker.rich("upload.voice-next"), buttons };
}

type VoiceEdit = "upload.as-voice-over" | "upload.as-background";
