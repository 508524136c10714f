/**
 * Words that may ask the bot for something or be an edit: the person is asked, and nothing is done or spent until they
 * press. Source: DESIGN.md, rules 2 and 11.
 */
import type { TextKey } from "../model/locales.ts";
import type { Action, Button, IncomingMessage, LikelyAction } from "../model/message.ts";
import type { Request } from "../model/request.ts";
import { localized } from "../model/skill.ts";
import { exportLane, mailboxLane, starterOf, type WorkItem } from "../model/work-item.ts";
import type { MessageDraft } from "../reply/speaker.ts";
import { languageName } from "../understand/language.ts";
import { requestOf } from "../understand/request.ts";
import type { Chat } from "./chat.ts";
import { mayManage } from "./rights.ts";

/** What is asked about each action, and the label of the button that does it. */
const QUESTIONS: Readonly<Record<Exclude<LikelyAction["kind"], "cancel">, { ask: TextKey; label: TextKey }>> =
  {
    credits: { ask: "ask.credits", label: "button.credits" },
    export: { ask: "ask.export", label: "button.export" },
    "export-version": { ask: "ask.export-version", label: "button.export" },
    help: { ask: "ask.help", label: "button.help" },
    history: { ask: "ask.history", label: "button.history" },
    language: { ask: "ask.language", label: "button.languages" },
    "new-project": { ask: "ask.new-project", label: "button.new-project" },
    projects: { ask: "ask.projects", label: "button.projects" },
    retry: { ask: "ask.retry", label: "button.retry" },
    skill: { ask: "ask.skill", label: "button.skills" },
    start: { ask: "ask.help", label: "button.help" },
    status: { ask: "ask.status", label: "button.status" },
    undo: { ask: "ask.undo", label: "button.undo" },
    "upload-again": { ask: "ask.upload-again", label: "button.upload-again" },
    "upload-help": { ask: "ask.upload-help", label: "button.upload-help" },
  };

/** The question of an `ask-meaning` action. */
type Doubt = Pick<Extract<Action, { kind: "ask-meaning" }>, "action" | "text">;

/** Asks whether the words mean `action` or are for the editor, with a button for each. */
export async function askMeaning(
  chat: Chat,
  message: IncomingMessage,
  { action, text }: Doubt,
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const send = [sendButton(chat, message, text)];
  if (!action) return ask(chat, message, { text: speaker.rich("ask.edit"), buttons: [send] });
  if (action.kind === "cancel") return askToStop(chat, message, { scope: action.scope, text }, signal);
  const { ask: question, label } = QUESTIONS[action.kind];
  const name = nameIn(chat, action);
  const act: Button = { ...speaker.button(label, action), ...(name === null ? {} : { label: name }) };
  const lead = name === null ? speaker.rich(question) : speaker.rich("ask.switch", { name });
  await ask(chat, message, {
    text: speaker.paragraphs(lead, speaker.rich("ask.or-edit")),
    buttons: [[act, ...send]],
  });
}

/** Asks it, and keeps in mind that it is asked. */
async function ask(chat: Chat, { user }: IncomingMessage, question: MessageDraft): Promise<void> {
  const { itemId } = chat;
  await chat.update((current) => ({ ...current, asked: { itemId, userId: user.id } }));
  await chat.speaker.send({ ...question, idempotencyKey: keyOf(itemId) });
}

/**
 * Takes away what the person was asked about earlier words, once they have chosen: by a button, a command, or words
 * that are one. It would invite them to choose again.
 */
export async function endAsking(chat: Chat, message: IncomingMessage, goal: Request["goal"]): Promise<void> {
  const { asked } = chat.record;
  const isChoice =
    message.action !== undefined || (goal.kind === "action" && goal.action.kind !== "small-talk");
  if (!asked || !isChoice || asked.userId !== message.user.id || asked.itemId === chat.itemId) return;
  const { speaker } = chat;
  const sent = await speaker.find(keyOf(asked.itemId));
  if (sent) void speaker.remove(sent);
  await chat.update(({ asked: _asked, ...current }) => current);
}

function keyOf(itemId: string): string {
  return `${itemId}:ask`;
}

/** What the person would switch to; null where the action names nothing. */
function nameIn({ context, speaker }: Chat, action: LikelyAction): string | null {
  if (action.kind === "projects") return action.name ?? null;
  if (action.kind === "skill") {
    const skill = action.name === undefined ? null : context.skills.find(action.name);
    return skill && localized(skill.title, speaker.language);
  }
  if (action.kind !== "language" || action.language === undefined) return null;
  const known = context.locales.match(action.language);
  return known
    ? context.locales.plain(known, "language.name")
    : languageName(action.language, speaker.language);
}

/** Sends the words to the editor as they are written: pressed by the person who wrote them, and once. */
function sendButton({ speaker }: Chat, { id, user, quoted = [] }: IncomingMessage, text: string): Button {
  const meant = { userId: user.id, messageId: id, ...(quoted.length > 0 ? { quoted } : {}) };
  return speaker.button("button.send-edit", { kind: "edit", text, meant });
}

/**
 * Asks whether to stop what runs: the turn, or the export where the words name it. Where nothing runs that the person may
 * stop, asks whether the words are for the editor. `text` is empty when the words are surely no edit.
 */
export async function askToStop(
  chat: Chat,
  message: IncomingMessage,
  { scope, text }: { scope: Scope; text: string },
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const target = await whatToStop(chat, message.user, scope, signal);
  if (target === null && text === "") return void (await speaker.say("cancel.nothing"));
  if (target === null) {
    const buttons = [[sendButton(chat, message, text)]];
    return ask(chat, message, { text: speaker.rich("cancel.ask-nothing"), buttons });
  }
  const buttons: Button[] = [speaker.button("button.stop", target.stop)];
  if (text !== "") buttons.push(sendButton(chat, message, text));
  const isOther = (scope === "export" || scope === "exports") && text === "" && target.what === "edit";
  const key = target.what === "export" ? "cancel.ask-export" : "cancel.ask-edit";
  await ask(chat, message, { text: speaker.rich(isOther ? "cancel.no-export" : key), buttons: [buttons] });
}

type Scope = Extract<LikelyAction, { kind: "cancel" }>["scope"];

/** What runs and the person may stop, and the action that stops just that; null when there is none. */
async function whatToStop(
  chat: Chat,
  user: IncomingMessage["user"],
  scope: Scope,
  signal: AbortSignal,
): Promise<{ what: "edit" | "export"; stop: Action } | null> {
  const { queue } = chat.context;
  const mayStop = async (item: WorkItem) =>
    starterOf(item) === user.id || (await mayManage(chat, user, signal)) === "yes";
  const exporting = await queue.running(exportLane(chat.id));
  const mayEndExport = exporting !== null && (await mayStop(exporting));
  // That very one: what has begun by the time of the press was not asked about.
  const stopExport: Action = { kind: "drop", itemId: exporting?.id ?? "" };
  const meansExport = scope === "export" || scope === "exports";
  if (mayEndExport && meansExport) return { what: "export", stop: stopExport };
  const running = await queue.running(mailboxLane(chat.id));
  // The question itself, when it had to wait its turn, is nothing to stop.
  if (running && running.id !== chat.itemId && (await mayStop(running))) {
    const stop: Action = scope === "all" ? { kind: "cancel", scope } : { kind: "drop", itemId: running.id };
    return { what: isExportRequest(chat, running) ? "export" : "edit", stop };
  }
  return mayEndExport ? { what: "export", stop: stopExport } : null;
}

/** True for a message that asks for an export and nothing else. */
export function isExportRequest(chat: Chat, item: WorkItem): boolean {
  if (item.kind !== "message") return false;
  const { goal, attachments } = requestOf(chat.context, item);
  const asked = goal.kind === "action" && attachments.length === 0 ? goal.action.kind : null;
  return asked === "export" || asked === "export-version";
}
