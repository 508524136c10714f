/**
 * What is answered at once, beside a running turn: help, skills, languages, credits, status, cancel.
 * Source: DESIGN.md, rule 2.
 */

import { BackendError } from "../model/backend-error.ts";
import { ownerOf } from "../model/conversation.ts";
import { formatBytes, SUPPORTED_FORMATS } from "../model/file-formats.ts";
import type { Action, Button, IncomingMessage } from "../model/message.ts";
import { joinText, plain, type RichText } from "../model/rich-text.ts";
import { localized } from "../model/skill.ts";
import { StopError } from "../model/stop.ts";
import { isExportable } from "../model/timeline.ts";
import { exportLane, isExportId, mailboxLane, starterOf, type WorkItem } from "../model/work-item.ts";
import type { SessionRef } from "../ports/video-backend.ts";
import { greeting } from "../reply/greeting.ts";
import type { MessageDraft } from "../reply/speaker.ts";
import { summaryText } from "../reply/timeline-text.ts";
import { languageName } from "../understand/language.ts";
import { wantLanguage } from "./agent-language.ts";
import { askToStop, isExportRequest } from "./ask-to-stop.ts";
import type { Chat } from "./chat.ts";
import { cancelExports, dropExport } from "./export/cancel.ts";
import { stopExportButton } from "./export/start.ts";
import { clipNames, nameList } from "./first-steps.ts";
import { isAllowed, mayManage, refuse } from "./rights.ts";

/** Waiting exports that are listed, each with a button. */
const MAX_LISTED_EXPORTS = 5;

/** How to talk to the bot, with the commands and the skill's tip. */
export async function showHelp(chat: Chat): Promise<void> {
  const { speaker, skill } = chat;
  await speaker.send({
    text: speaker.paragraphs(
      speaker.rich("help.text", {
        title: localized(skill.title, speaker.language),
        time: localized(skill.typicalTime, speaker.language),
        formats: SUPPORTED_FORMATS.join(", "),
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
    formats: SUPPORTED_FORMATS.join(", "),
    favoured: skill.favouredFormats.join(", "),
    limit: formatBytes(skill.maxFileBytes),
  });
}

/** Lists the skills, or switches to one. Only the choice is stored; the project goes on. */
export async function chooseSkill(
  chat: Chat,
  user: IncomingMessage["user"],
  name: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const wanted = name === undefined ? null : context.skills.find(name);
  if (wanted) {
    if (!(await isAllowed(chat, user, ownerOf(chat), "rights.project", signal))) return;
    await chat.update((current) => ({ ...current, skill: wanted.name }));
    await speaker.send(greeting(context, speaker, wanted, "skill.switched", chat.record.files.length > 0));
    return;
  }
  const lines = context.skills
    .list()
    .map((skill) => {
      const mark = skill.name === chat.skill.name ? " ✓" : "";
      return `• ${localized(skill.title, speaker.language)}${mark}: ${localized(skill.description, speaker.language)}`;
    })
    .join("\n");
  const buttons = context.skills.list().map((skill): Button[] => [
    {
      kind: "action",
      label: localized(skill.title, speaker.language),
      action: { kind: "skill", name: skill.name },
    },
  ]);
  const list = speaker.rich("skill.list", { skills: lines });
  const text = name === undefined ? list : speaker.paragraphs(speaker.rich("skill.unknown", { name }), list);
  await speaker.send({ text, buttons });
}

/**
 * Lists the languages, or keeps a person's choice; in one that we have no words in, the editor answers alone.
 * `answerIn` makes the chat in the chosen language.
 */
export async function chooseLanguage(
  chat: Chat,
  userId: string,
  wanted: string | undefined,
  answerIn: (language: string) => Promise<Chat>,
): Promise<void> {
  const { context, speaker } = chat;
  const language = context.locales.match(wanted);
  const name = language === null && wanted !== undefined ? languageName(wanted, speaker.language) : null;
  const chosen = language ?? (name === null ? null : (wanted ?? null));
  if (chosen !== null) {
    await context.store.updateUser(userId, (current) => ({ ...current, version: 1, language: chosen }));
    await wantLanguage(chat, userId, chosen);
  }
  if (language) {
    const next = await answerIn(language);
    await next.speaker.say("language.switched");
    return;
  }
  const buttons = context.locales.languages.map((code): Button[] => [
    {
      kind: "action",
      label: context.locales.plain(code, "language.name"),
      action: { kind: "language", language: code },
    },
  ]);
  const list = speaker.rich("language.list");
  const text =
    wanted === undefined
      ? list
      : name === null
        ? speaker.paragraphs(speaker.rich("language.unknown", { language: wanted }), list)
        : speaker.rich("language.editor-only", { language: name });
  await speaker.send({ text, buttons });
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
  const { speaker, context } = chat;
  await answerFromBackend(chat, async () => {
    const { timeline, clips } = await context.backend.readState(
      await chat.caller(),
      session.sessionId,
      signal,
    );
    const waiting = (await context.queue.size(mailboxLane(chat.id))) - ownItems;
    const names = isExportable(timeline) ? [] : clipNames(chat, clips);
    const exports = await exportsNow(chat);
    const text = speaker.paragraphs(
      plain(summaryText(speaker, timeline)),
      names.length > 0 ? speaker.rich("status.clips", { names: nameList(speaker, names) }) : [],
      waiting > 0 ? speaker.rich("status.working", { count: waiting }) : [],
      joinText(exports.lines, "\n"),
    );
    return { text, buttons: [...(isExportable(timeline) ? menu(chat).slice(0, 1) : []), ...exports.buttons] };
  });
}

/** The export that is rendered and those that wait for their turn, each with its button. */
async function exportsNow(chat: Chat): Promise<{ lines: RichText[]; buttons: Button[][] }> {
  const { speaker, context } = chat;
  const running = await context.queue.running(exportLane(chat.id));
  const waiting = await context.queue.waiting(exportLane(chat.id));
  const lines = running ? [speaker.rich("status.rendering")] : [];
  const buttons: Button[][] = running ? [[stopExportButton(speaker, running.id)]] : [];
  for (const [index, item] of waiting.slice(0, MAX_LISTED_EXPORTS).entries()) {
    const fileName = (item.kind === "export" ? item.fileName : undefined) ?? "";
    lines.push(speaker.rich("status.export-waiting", { fileName, place: index + 1 }));
    const label = speaker.plain("button.cancel-one", { fileName });
    buttons.push([{ kind: "action", label, action: { kind: "drop", itemId: item.id } }]);
  }
  const rest = waiting.length - MAX_LISTED_EXPORTS;
  if (rest > 0) lines.push(speaker.rich("timeline.more", { count: rest }));
  return { lines, buttons };
}

/**
 * Stops waiting for what runs: the turn first, else the export. Only its author may, or who manages the chat.
 * Honest about what goes on elsewhere. An export that is only asked for yet is taken out of the line.
 */
export async function cancel(
  chat: Chat,
  message: IncomingMessage,
  scope: Extract<Action, { kind: "cancel" }>["scope"],
  signal: AbortSignal,
): Promise<void> {
  const { user } = message;
  const { queue } = chat.context;
  const meansExports = scope === "export" || scope === "exports";
  const mailbox = mailboxLane(chat.id);
  const running = meansExports ? null : await queue.running(mailbox);
  if (running) {
    if (!(await mayStop(chat, running, user, signal))) return;
    const dropped = scope === "all" ? await dropAll(chat, user, signal) : 0;
    return stopRunning(chat, running.id, dropped);
  }
  if (meansExports && (await queue.size(exportLane(chat.id))) === 0) {
    if (await dropAskedExport(chat, user, signal)) return;
    return askToStop(chat, message, { scope, text: "" }, signal);
  }
  await cancelExports(chat, user, scope === "all" || scope === "exports", signal);
}

/** An export that nobody has begun yet: true when there was one. */
async function dropAskedExport(
  chat: Chat,
  user: IncomingMessage["user"],
  signal: AbortSignal,
): Promise<boolean> {
  const { queue } = chat.context;
  const mailbox = mailboxLane(chat.id);
  const running = await queue.running(mailbox);
  if (running && running.id !== chat.itemId && isExportRequest(chat, running)) {
    if (await mayStop(chat, running, user, signal)) await stopRunning(chat, running.id, 0);
    return true;
  }
  const isManager = (await mayManage(chat, user, signal)) === "yes";
  const dropped = await queue.clear(
    mailbox,
    (item) => isExportRequest(chat, item) && (isManager || starterOf(item) === user.id),
  );
  if (dropped.length > 0) await chat.speaker.say("cancel.export");
  return dropped.length > 0;
}

/** Takes out of the line what the person may; returns how much that was. */
async function dropAll(chat: Chat, user: IncomingMessage["user"], signal: AbortSignal): Promise<number> {
  const { queue } = chat.context;
  const isManager = (await mayManage(chat, user, signal)) === "yes";
  const dropped = await queue.clear(mailboxLane(chat.id), (item) => isManager || starterOf(item) === user.id);
  return dropped.length;
}

/** Takes one message or export out of the line; if it runs by now, stops waiting for it. */
export async function dropWaiting(
  chat: Chat,
  user: IncomingMessage["user"],
  itemId: string,
  signal: AbortSignal,
): Promise<void> {
  if (isExportId(itemId)) return dropExport(chat, user, itemId, signal);
  const { speaker } = chat;
  const { queue } = chat.context;
  const mailbox = mailboxLane(chat.id);
  const running = await queue.running(mailbox);
  if (running?.id === itemId) {
    if (!(await mayStop(chat, running, user, signal))) return;
    return stopRunning(chat, itemId, 0);
  }
  let end = await queue.remove(mailbox, itemId, (item) => starterOf(item) === user.id);
  if (end === "refused") {
    const answer = await mayManage(chat, user, signal);
    if (answer !== "yes") return refuse(chat, answer, "cancel.not-yours");
    end = await queue.remove(mailbox, itemId, () => true);
  }
  await speaker.say(end === "removed" ? "cancel.waiting-one" : "cancel.nothing");
}

/** Who may not has been told. */
function mayStop(
  chat: Chat,
  item: WorkItem,
  user: IncomingMessage["user"],
  signal: AbortSignal,
): Promise<boolean> {
  return isAllowed(chat, user, starterOf(item), "cancel.not-yours", signal);
}

async function stopRunning(chat: Chat, itemId: string, dropped: number): Promise<void> {
  const { speaker } = chat;
  const { queue } = chat.context;
  const mailbox = mailboxLane(chat.id);
  const waiting = Math.max(0, (await queue.size(mailbox)) - 1);
  // Looked at before, since the turn clears it as it ends, and after, since it may have begun just now.
  const wasInFlight = chat.record.inFlight?.itemId === itemId;
  if (!(await queue.cancel(mailbox, new StopError("cancelled")))) {
    await speaker.say("cancel.nothing");
    return;
  }
  await chat.refresh();
  const mayCost = wasInFlight || chat.record.inFlight?.itemId === itemId;
  await speaker.send({
    text: speaker.paragraphs(
      speaker.rich(mayCost ? "cancel.turn" : "cancel.item"),
      dropped > 0 ? speaker.rich("cancel.dropped", { count: dropped }) : [],
      waiting > 0 ? speaker.rich("cancel.waiting", { count: waiting }) : [],
    ),
    buttons: waiting > 0 ? [[speaker.button("button.cancel-all", { kind: "cancel", scope: "all" })]] : [],
  });
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
