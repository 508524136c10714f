/**
 * Words that may be a cancel or an edit: the person is asked, and nothing is stopped or spent until they press.
 * Source: DESIGN.md, rules 2 and 11.
 */

import type { Action, Button, IncomingMessage } from "../model/message.ts";
import { exportLane, mailboxLane, starterOf, type WorkItem } from "../model/work-item.ts";
import { requestOf } from "../understand/request.ts";
import type { Chat } from "./chat.ts";
import { mayManage } from "./rights.ts";

/** What the words might stop; `text` are the words themselves, empty when they are surely no edit. */
interface Doubt {
  scope: "current" | "all" | "export" | "exports";
  text: string;
}

/**
 * Asks whether to stop what runs: the turn, or the export where the words name it. Where nothing runs that the person may
 * stop, asks whether the words are for the editor.
 */
export async function askToStop(
  chat: Chat,
  message: IncomingMessage,
  { scope, text }: Doubt,
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const target = await whatToStop(chat, message.user, scope, signal);
  if (target === null && text === "") return void (await speaker.say("cancel.nothing"));
  const quoted = (message.quoted ?? []).length > 0 ? { quoted: message.quoted } : {};
  const meant = { userId: message.user.id, messageId: message.id, ...quoted };
  const edit: Action = { kind: "edit", text, meant };
  if (target === null) {
    await speaker.say("cancel.ask-nothing", {}, { buttons: [[speaker.button("button.send", edit)]] });
    return;
  }
  const buttons: Button[] = [speaker.button("button.stop", target.stop)];
  if (text !== "") buttons.push(speaker.button("button.send-edit", edit));
  const isOther = (scope === "export" || scope === "exports") && text === "" && target.what === "edit";
  const key = target.what === "export" ? "cancel.ask-export" : "cancel.ask-edit";
  await speaker.say(isOther ? "cancel.no-export" : key, {}, { buttons: [buttons] });
}

/** What runs and the person may stop, and the action that stops just that; null when there is none. */
async function whatToStop(
  chat: Chat,
  user: IncomingMessage["user"],
  scope: Doubt["scope"],
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
  return attachments.length === 0 && goal.kind === "action" && goal.action.kind === "export";
}
