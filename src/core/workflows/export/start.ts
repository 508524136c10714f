/**
 * Export, as far as the mailbox goes: the project is captured as it is at this moment and put into the lane of
 * exports, so that editing goes on. Its render follows in `watch.ts`. Source: nemo-api.md, "Render".
 */
import { type Capture, MAX_CAPTURE_BYTES } from "../../model/capture.ts";
import type { Button } from "../../model/message.ts";
import { isShutdown } from "../../model/stop.ts";
import { isExportable } from "../../model/timeline.ts";
import { type ExportItem, exportId, exportLane } from "../../model/work-item.ts";
import type { ProjectState, SessionRef } from "../../ports/video-backend.ts";
import type { Speaker } from "../../reply/speaker.ts";
import type { Chat } from "../chat.ts";
import { sayWhatIsMissing } from "../first-steps.ts";
import { showPlace } from "../waiting-notice.ts";
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
  const { speaker, context, itemId } = chat;
  const { store, queue } = context;
  const id = exportId(itemId);
  const lane = exportLane(chat.id);
  const isOwed = [await queue.running(lane), ...(await queue.waiting(lane))].some((one) => one?.id === id);
  if (!isOwed && !(await store.hasSeen(id))) {
    let capture = await store.readCapture(id);
    if (!capture) {
      const state = await context.backend.readState(await chat.caller(), session.sessionId, signal);
      if (!isExportable(state.timeline)) return sayWhatIsMissing(chat, state.clips);
      capture = await captureProject(chat, session, state);
      if (!capture) return void (await speaker.say("export.too-large", {}, { tone: "error" }));
      // Written before it is promised: a process that takes over renders this and nothing newer.
      await store.keepCapture(id, capture);
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

/** Null when the project is too large to be kept. */
async function captureProject(chat: Chat, session: SessionRef, state: ProjectState): Promise<Capture | null> {
  if (Buffer.byteLength(JSON.stringify(state.draft)) > MAX_CAPTURE_BYTES) return null;
  const { sessionId } = session;
  let number = 0;
  await chat.update((current) => {
    const counts = current.exportCounts ?? [];
    number = (counts.find((one) => one.sessionId === sessionId)?.count ?? 0) + 1;
    const others = counts.filter((one) => one.sessionId !== sessionId).slice(1 - MAX_COUNTED_SESSIONS);
    return { ...current, exportCounts: [...others, { sessionId, count: number }] };
  });
  const uploads = (chat.record.uploads ?? []).filter((upload) => upload.sessionId === sessionId);
  return {
    version: 1,
    draft: state.draft,
    // What the state says now comes last, and counts.
    files: [...uploads, ...state.clips].flatMap(({ name, url }) => (url === null ? [] : [{ name, url }])),
    fileName: exportFileName(state, number),
  };
}
