/** What only tells: help, what was kept to be read alone, credits, and the status. Source: DESIGN.md, rule 2. */

import { BackendError } from "../model/backend-error.ts";
import { formatBytes, SUPPORTED_FORMATS } from "../model/file-formats.ts";
import type { Button } from "../model/message.ts";
import { joinText, plain, type RichText } from "../model/rich-text.ts";
import { localized } from "../model/skill.ts";
import { isExportable } from "../model/timeline.ts";
import { exportLane, mailboxLane, starterNameOf, starterOf, type WorkItem } from "../model/work-item.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import type { MessageDraft, Speaker } from "../reply/speaker.ts";
import { summaryText } from "../reply/timeline-text.ts";
import type { Chat } from "./chat.ts";
import { stopExportButton } from "./export/start.ts";
import { clipNames, nameList } from "./first-steps.ts";
import { readProject } from "./history/versions.ts";

/** Waiting exports that are listed, each with a button. */
const MAX_LISTED_EXPORTS = 5;
/** People who wait, by their names. */
const MAX_NEXT_PEOPLE = 3;

/** How to talk to the bot, with the commands and the skill's tip. */
export async function showHelp(chat: Chat): Promise<void> {
  const { speaker, skill } = chat;
  await speaker.send({
    isCard: true,
    text: speaker.paragraphs(
      speaker.rich("help.text", {
        title: localized(skill.title, speaker.language),
        time: localized(skill.typicalTime, speaker.language),
        formats: speaker.list(SUPPORTED_FORMATS),
        limit: formatBytes(skill.maxFileBytes),
      }),
      speaker.rich("help.commands"),
      plain(localized(skill.tip, speaker.language)),
    ),
    buttons: menu(chat),
  });
}

/** What was kept for the person to read alone. */
export async function showKept(chat: Chat, userId: string, key: string): Promise<void> {
  const { speaker } = chat;
  const kept = await speaker.platform.keptMessage(key, userId);
  if (kept) await speaker.send(kept);
  else await speaker.say("private.gone");
}

/** How to send a file. */
export async function showUploadHelp(chat: Chat): Promise<void> {
  const { speaker, skill } = chat;
  await speaker.say("upload.help", {
    formats: speaker.list(SUPPORTED_FORMATS),
    favoured: speaker.list(skill.favouredFormats),
    limit: formatBytes(skill.maxFileBytes),
  });
}

/** What the account holds. */
export async function showCredits(chat: Chat, signal: AbortSignal): Promise<void> {
  if (chat.context.operatorToken !== null && !chat.isOperator) {
    return void (await chat.speaker.say("credits.not-yours"));
  }
  await answerFromBackend(chat, async () => {
    const credits = await chat.context.backend.readCredits(await chat.caller(), signal);
    const text = chat.speaker.rich("credits.text", {
      available: credits.available,
      frozen: credits.frozen,
      total: credits.total,
    });
    return { text, tone: "private" };
  });
}

/**
 * The tracks, and what is going on. `ownItems`: how many items of the mailbox are this question itself.
 * Throws `session-lost`.
 */
export async function showStatus(
  chat: Chat,
  session: SessionRef,
  ownItems: 0 | 1,
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  await answerFromBackend(chat, async () => {
    const { timeline, clips } = await readProject(chat, session, signal);
    const names = isExportable(timeline) ? [] : clipNames(chat, clips);
    const exports = await exportsNow(chat);
    const text = speaker.paragraphs(
      plain(summaryText(speaker, timeline)),
      names.length > 0 ? speaker.rich("status.clips", { names: nameList(speaker, names) }) : [],
      await workNow(chat, ownItems),
      joinText(exports.lines, "\n"),
    );
    const buttons = [...(isExportable(timeline) ? menu(chat).slice(0, 1) : []), ...exports.buttons];
    return { text, buttons, isCard: true };
  });
}

/** How much is going on; where others read along, for whom, and who is next. */
async function workNow(chat: Chat, ownItems: 0 | 1): Promise<RichText> {
  const { speaker, context } = chat;
  const lane = mailboxLane(chat.id);
  const count = (await context.queue.size(lane)) - ownItems;
  if (count <= 0) return [];
  const all = speaker.rich("status.working", { count });
  if (!speaker.platform.isShared(speaker.target)) return all;
  const running = ownItems === 0 ? await context.queue.running(lane) : null;
  const name = running ? starterNameOf(running) : undefined;
  const names = nextPeople(await context.queue.waiting(lane));
  return joinText(
    [
      name === undefined ? all : speaker.rich("status.working-for", { name }),
      names.length > 0 ? speaker.rich("status.next", { names: speaker.list(names) }) : [],
    ],
    "\n",
  );
}

/** What the first of those who wait are called, each person once. */
function nextPeople(waiting: readonly WorkItem[]): string[] {
  const people = new Map(waiting.map((item) => [starterOf(item), starterNameOf(item)]));
  return [...people.values()].filter((name) => name !== undefined).slice(0, MAX_NEXT_PEOPLE);
}

/** The export that is rendered and those that wait for their turn, each with its button. */
async function exportsNow(chat: Chat): Promise<{ lines: RichText[]; buttons: Button[][] }> {
  const { speaker, context } = chat;
  const running = await context.queue.running(exportLane(chat.id));
  const waiting = await context.queue.waiting(exportLane(chat.id));
  const isShared = speaker.platform.isShared(speaker.target);
  const nameOf = (item: WorkItem) => (isShared ? starterNameOf(item) : undefined);
  const lines = running ? [renderingText(speaker, nameOf(running))] : [];
  const buttons: Button[][] = running ? [[stopExportButton(speaker, running.id)]] : [];
  for (const [index, item] of waiting.slice(0, MAX_LISTED_EXPORTS).entries()) {
    const fileName = (item.kind === "export" ? item.fileName : undefined) ?? "";
    const name = nameOf(item);
    const facts = { fileName, place: index + 1 };
    lines.push(
      name === undefined
        ? speaker.rich("status.export-waiting", facts)
        : speaker.rich("status.export-waiting-for", { ...facts, name }),
    );
    const label = speaker.plain("button.cancel-one", { fileName });
    buttons.push([{ kind: "action", label, action: { kind: "drop", itemId: item.id } }]);
  }
  const rest = waiting.length - MAX_LISTED_EXPORTS;
  if (rest > 0) lines.push(speaker.rich("timeline.more", { count: rest }));
  return { lines, buttons };
}

/** Says for whom, where that is known. */
function renderingText(speaker: Speaker, name: string | undefined): RichText {
  return name === undefined
    ? speaker.rich("status.rendering")
    : speaker.rich("status.rendering-for", { name });
}

/** Sends what `read` makes of the backend's answer, or the sentence for its failure. */
async function answerFromBackend(chat: Chat, read: () => Promise<MessageDraft>): Promise<void> {
  try {
    await chat.speaker.send(await read());
  } catch (error) {
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    await chat.speaker.send(chat.failure(error, false));
  }
}

/** The buttons of everyday. */
function menu(chat: Chat): Button[][] {
  const { speaker } = chat;
  return [
    [
      speaker.button("button.export", { kind: "export" }),
      speaker.button("button.status", { kind: "status" }),
    ],
    [
      speaker.button("button.credits", { kind: "credits" }),
      speaker.button("button.new-project", { kind: "new-project" }),
    ],
    [
      speaker.button("button.skills", { kind: "skill" }),
      speaker.button("button.languages", { kind: "language" }),
    ],
  ];
}
