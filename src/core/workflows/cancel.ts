/** Stopping what runs and taking out of its lane what waits. Source: DESIGN.md, rule 2. */
import type { Action, IncomingMessage } from "../model/message.ts";
import { StopError } from "../model/stop.ts";
import { exportLane, isExportId, mailboxLane, starterOf, type WorkItem } from "../model/work-item.ts";
import { askToStop, isExportRequest } from "./ask-meaning.ts";
import type { Chat } from "./chat.ts";
import { cancelExports, dropExport } from "./export/cancel.ts";
import { isAllowed, mayManage, refuse } from "./rights.ts";
import { removeNotice } from "./waiting-notice.ts";

/**
 * Stops waiting for what runs: the turn first, else the export. Its author may, and those who manage the chat. Says
 * what the editor may still do. An export that has not begun is taken out of its lane.
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

/** Takes the wish for an export out of the mailbox; false when there was none. */
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
  for (const item of dropped) void removeNotice(chat.context, item);
  if (dropped.length > 0) await chat.speaker.say("cancel.export");
  return dropped.length > 0;
}

/** Takes out of the lane what the person may; returns how much that was. */
async function dropAll(chat: Chat, user: IncomingMessage["user"], signal: AbortSignal): Promise<number> {
  const { queue } = chat.context;
  const isManager = (await mayManage(chat, user, signal)) === "yes";
  const dropped = await queue.clear(mailboxLane(chat.id), (item) => isManager || starterOf(item) === user.id);
  for (const item of dropped) void removeNotice(chat.context, item);
  return dropped.length;
}

/** Takes one message or export out of its lane; if it runs by now, stops waiting for it. */
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
  const waiting = (await queue.waiting(mailbox)).find((item) => item.id === itemId);
  let end = await queue.remove(mailbox, itemId, (item) => starterOf(item) === user.id);
  if (end === "refused") {
    const permission = await mayManage(chat, user, signal);
    if (permission !== "yes") return refuse(chat, permission, "cancel.not-yours");
    end = await queue.remove(mailbox, itemId, () => true);
  }
  if (end === "removed" && waiting) void removeNotice(chat.context, waiting);
  await speaker.say(end === "removed" ? "cancel.waiting-one" : "cancel.nothing");
}

/** False: the person may not, and has been told. */
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
