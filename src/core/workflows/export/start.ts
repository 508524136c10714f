/**
 * Export, as far as the mailbox goes: the project is captured as it is at this moment and put into the lane of
 * exports, so that editing goes on. Its render follows in `watch.ts`. Source: nemo-api.md, "Render".
 */
import type { Capture } from "../../model/capture.ts";
import type { Button } from "../../model/message.ts";
import { isShutdown } from "../../model/stop.ts";
import { isExportable } from "../../model/timeline.ts";
import { type ExportItem, exportId, exportLane } from "../../model/work-item.ts";
import type { SessionRef } from "../../ports/video-backend.ts";
import type { Speaker } from "../../reply/speaker.ts";
import type { Chat } from "../chat.ts";
import { sayWhatIsMissing } from "../first-steps.ts";
import { readProject } from "../history/versions.ts";
import { showPlace } from "../waiting-notice.ts";
import { captureOf } from "./capture.ts";
import { exportFileName } from "./file-name.ts";

/** Sessions whose exports are counted. */
const MAX_COUNTED_SESSIONS = 20;

/**
 * Puts an export of the project as it is now into the lane. Carried out again after a crash it goes on where it
 * was, with the project as it was then. Throws `session-lost` and the signal's reason.
 */
export async function startExport(
  chat: Chat,
  session: SessionRef,
  startedBy: string,
  signal: AbortSignal,
): Promise<void> {
  await exportCaptured(
    chat,
    session,
    startedBy,
    async () => {
      const state = await readProject(chat, session, signal);
      if (!isExportable(state.timeline)) return void (await sayWhatIsMissing(chat, state.clips));
      const capture = captureOf(chat, session, state, exportFileName(state, await nextNumber(chat, session)));
      if (!capture) await chat.speaker.say("export.too-large", {}, { tone: "error" });
      return capture;
    },
    signal,
  );
}

/**
 * Puts an export of what `take` gives into the lane, as `startExport`; where that is nothing, the person has been told
 * why.
 */
export async function exportCaptured(
  chat: Chat,
  session: SessionRef,
  startedBy: string,
  take: () => Promise<Capture | null | undefined>,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, context, itemId } = chat;
  const { store, queue } = context;
  const id = exportId(itemId);
  const lane = exportLane(chat.id);
  const isOwed = [await queue.running(lane), ...(await queue.waiting(lane))].some((one) => one?.id === id);
  if (!isOwed && !(await store.hasSeen(id))) {
    let capture = await store.readCapture(id);
    if (!capture) {
      capture = (await take()) ?? null;
      if (!capture) return;
      // Written before it is promised: a process that takes over renders this and nothing newer.
      await store.keepCapture(id, capture, "export");
    }
    const { fileName } = capture;
    if (signal.aborted && !isShutdown(signal)) await store.forgetCapture(id);
    signal.throwIfAborted();
    const item: ExportItem = {
      version: 1,
      // The same for the process that takes this message up again: it is exported once.
      id,
      kind: "export",
      lane,
      conversationId: chat.id,
      language: speaker.language,
      replyTo: speaker.target,
      startedBy,
      ...(chat.userName === undefined ? {} : { startedByName: chat.userName }),
      progress: null,
      sessionId: session.sessionId,
      taskId: session.taskId,
      fileName,
      startedAt: context.clock.now(),
    };
    const pushed = await queue.push(item);
    if (pushed.kind === "full") {
      await speaker.say("export.line-full", { limit: pushed.limit }, { tone: "error" });
      await store.forgetCapture(id);
    } else {
      void showPlace(context, speaker, item, {
        firstAfterMs: 0,
        text: (place) => speaker.rich("export.waiting", { fileName, place }),
        buttons: [[stopExportButton(speaker, id)]],
      });
    }
  }
  await chat.update((current) => ({ ...current, settled: { itemId, actions: [] } }));
}

/** The button that takes one export out of the lane, or stops its render. */
export function stopExportButton(speaker: Speaker, itemId: string): Button {
  return speaker.button("button.cancel-export", { kind: "drop", itemId });
}

/** Counts the exports of a session. */
async function nextNumber(chat: Chat, { sessionId }: SessionRef): Promise<number> {
  let number = 0;
  await chat.update((current) => {
    const counts = current.exportCounts ?? [];
    number = (counts.find((one) => one.sessionId === sessionId)?.count ?? 0) + 1;
    const others = counts.filter((one) => one.sessionId !== sessionId).slice(1 - MAX_COUNTED_SESSIONS);
    return { ...current, exportCounts: [...others, { sessionId, count: number }] };
  });
  return number;
}
