/** Taking exports out of their lane and stopping their renders, one by one or all. Source: DESIGN.md, rule 2. */

import type { IncomingMessage } from "../../model/message.ts";
import { StopError } from "../../model/stop.ts";
import { exportLane, starterOf, type WorkItem } from "../../model/work-item.ts";
import type { Chat } from "../chat.ts";
import { isAllowed, mayManage, refuse } from "../rights.ts";
import { removeNotice } from "../waiting-notice.ts";

type Person = IncomingMessage["user"];

/** Stops the export that runs; with `all` those that wait for their turn as well, as far as the person may. */
export async function cancelExports(
  chat: Chat,
  user: Person,
  all: boolean,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const { queue } = context;
  const lane = exportLane(chat.id);
  const dropped = all ? await dropAll(chat, user, signal) : 0;
  const running = await queue.running(lane);
  if (running && dropped === 0) {
    if (!(await isAllowed(chat, user, starterOf(running), "cancel.not-yours", signal))) return;
  }
  const mayStop = running !== null && (dropped === 0 || (await isTheirs(chat, user, running, signal)));
  const isStopped = mayStop && (await queue.cancel(lane, new StopError("cancelled")));
  if (!isStopped && dropped === 0) return void (await speaker.say("cancel.nothing"));
  const waiting = (await queue.waiting(lane)).length;
  await speaker.send({
    text: speaker.paragraphs(
      isStopped ? speaker.rich("cancel.export") : [],
      dropped > 0 ? speaker.rich("cancel.exports-dropped", { count: dropped }) : [],
      waiting > 0 ? speaker.rich("cancel.exports-waiting", { count: waiting }) : [],
    ),
    buttons: waiting > 0 ? [[speaker.button("button.cancel-all", { kind: "cancel", scope: "exports" })]] : [],
  });
}

/** Takes one export out of its lane; if it runs by now, stops its render. */
export async function dropExport(
  chat: Chat,
  user: Person,
  itemId: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context } = chat;
  const { queue } = context;
  const lane = exportLane(chat.id);
  const waiting = (await queue.waiting(lane)).find((item) => item.id === itemId);
  let end = await queue.remove(lane, itemId, (item) => starterOf(item) === user.id);
  if (end === "refused") {
    const permission = await mayManage(chat, user, signal);
    if (permission !== "yes") return refuse(chat, permission, "cancel.not-yours");
    end = await queue.remove(lane, itemId, () => true);
  }
  if (end === "removed") {
    if (waiting) await tidyUp(chat, waiting);
    return void (await speaker.say("cancel.export-waiting"));
  }
  // Looked at last: it may have begun just now.
  const running = await queue.running(lane);
  if (running?.id !== itemId) return void (await speaker.say("cancel.nothing"));
  await cancelExports(chat, user, false, signal);
}

/** Takes out of the lane what the person may; returns how much that was. */
async function dropAll(chat: Chat, user: Person, signal: AbortSignal): Promise<number> {
  const isManager = (await mayManage(chat, user, signal)) === "yes";
  const dropped = await chat.context.queue.clear(
    exportLane(chat.id),
    (item) => isManager || starterOf(item) === user.id,
  );
  for (const item of dropped) await tidyUp(chat, item);
  return dropped.length;
}

async function isTheirs(chat: Chat, user: Person, item: WorkItem, signal: AbortSignal): Promise<boolean> {
  return starterOf(item) === user.id || (await mayManage(chat, user, signal)) === "yes";
}

/** The message that showed its place goes, and what was captured for it. */
async function tidyUp(chat: Chat, item: WorkItem): Promise<void> {
  if (item.kind !== "export") return;
  void removeNotice(chat.context, item);
  await chat.context.store.forgetCapture(item.id);
}
