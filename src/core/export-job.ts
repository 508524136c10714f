/**
 * Export: the state is checked and the render submitted inside the mailbox; the render is then watched
 * beside it, so that editing goes on. Source: nemo-api.md, "Render" and "Errors".
 */
import { randomUUID } from "node:crypto";
import { BackendError } from "./backend-error.ts";
import { Chat } from "./chat.ts";
import type { Conversation } from "./conversation.ts";
import { deliverExport, exportButton } from "./export-delivery.ts";
import type { BackendCaller, RenderStatus, SessionRef } from "./ports.ts";
import { Progress } from "./progress.ts";
import { isExportable } from "./timeline.ts";
import { type ExportItem, exportId, exportLane } from "./work-item.ts";
import { isShutdown, type World } from "./world.ts";

/** Reads of an unconfirmed render that may say "not found" before it counts as never submitted. */
const UNCONFIRMED_READS = 2;
const CANCEL_TIMEOUT_MS = 30_000;

/** Submits a render of the project as it is now. Throws `session-lost` and the signal's reason. */
export async function startExport(
  chat: Chat,
  session: SessionRef,
  startedBy: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, world } = chat;
  await chat.refresh();
  const { render } = chat.record;
  // Submitted for this very item by a process that died: it is watched, and no other one is submitted.
  const isOurs = render?.itemId === chat.itemId || render?.itemId === exportId(chat.itemId);
  const submittedBefore = render && isOurs ? render.renderId : null;
  if (submittedBefore === null && (await world.queue.size(exportLane(chat.id))) > 0) {
    const stop = speaker.button("button.cancel-export", { kind: "cancel", scope: "export" });
    await speaker.say("export.already-running", {}, { buttons: [[stop]] });
    return;
  }
  const caller = await chat.caller();
  // Nobody watches it any more, and the backend takes only one active render a session.
  if (render && submittedBefore === null) await cancelRender(chat, caller, render.renderId);
  const progress = new Progress(world, speaker);
  try {
    const submitted: Submission | null =
      submittedBefore === null
        ? await submit(chat, session, caller, signal)
        : { renderId: submittedBefore, isConfirmed: false, canResubmit: true };
    if (!submitted) {
      await speaker.say("export.nothing-yet");
      return;
    }
    await progress.show(speaker.rich("export.started"));
    signal.throwIfAborted();
    await world.queue.push({
      version: 1,
      // The same for whoever takes this message up again: its export is watched once.
      id: exportId(chat.itemId),
      kind: "export",
      lane: exportLane(chat.id),
      conversationId: chat.id,
      language: speaker.language,
      replyTo: speaker.target,
      startedBy,
      progress: progress.sent,
      sessionId: session.sessionId,
      taskId: session.taskId,
      renderId: submitted.renderId,
      isSubmitted: submitted.isConfirmed,
      canResubmit: submitted.canResubmit,
      startedAt: world.clock.now(),
    });
    const { itemId } = chat;
    await chat.update((current) => ({ ...current, settled: { itemId, actions: [] } }));
  } catch (error) {
    const renderId = chat.record.render?.renderId;
    if (signal.aborted && !isShutdown(signal) && renderId) {
      await progress.finish(speaker.rich("export.stopped"));
      await cancelRender(chat, caller, renderId);
      await forget(chat, renderId);
    }
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
    world.metrics.exportEnded("failed", 0);
    if (renderId) await forget(chat, renderId);
    await fail(chat, error);
  }
}

interface Submission {
  renderId: string;
  /** False when the answer was lost: the render may or may not exist. */
  isConfirmed: boolean;
  /** False once the one retry with a new id is used up. */
  canResubmit: boolean;
}

/**
 * Null when there is nothing to export. A used id, or a render that fails at once, gets a new id, once. The id
 * is kept before it is sent: whoever takes over knows which render may exist.
 */
async function submit(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  signal: AbortSignal,
  canResubmit = true,
): Promise<Submission | null> {
  const { backend } = chat.world;
  const { sessionId } = session;
  const { draft, timeline } = await backend.readState(caller, sessionId, signal);
  if (!isExportable(timeline)) return null;
  const renderId = `render_${randomUUID()}`;
  const { itemId } = chat;
  await keepRender(chat, { renderId, itemId });
  try {
    const status = await backend.submitRender(caller, { renderId, sessionId, draft }, signal);
    if (status.renderId !== renderId) await keepRender(chat, { renderId: status.renderId, itemId });
    if (status.phase !== "failed") return { renderId: status.renderId, isConfirmed: true, canResubmit };
    if (!canResubmit) throw new BackendError({ kind: "duplicate-render", operation: "submit render" });
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    // Never sent again blindly: whether our id exists is asked for later.
    if (error.isOutcomeUnknown) return { renderId, isConfirmed: false, canResubmit };
    if (error.kind !== "duplicate-render" || !canResubmit) throw error;
  }
  return submit(chat, session, caller, signal, false);
}

/** Watches one render until it is delivered, failed or given up. */
export async function watchExport(world: World, item: ExportItem, signal: AbortSignal): Promise<void> {
  const { conversationId: id, replyTo: target, language } = item;
  const chat = await Chat.open(world, { id, target, language, itemId: item.id, userId: item.startedBy });
  const { speaker } = chat;
  const session: SessionRef = { sessionId: item.sessionId, taskId: item.taskId, userId: null };
  const progress = new Progress(world, speaker, {
    sent: item.progress,
    startedAt: item.startedAt,
  }).start("uploading-video");
  const caller = await chat.caller();
  const { render } = chat.record;
  // One that was submitted again by a process that died meanwhile takes the item's place.
  const isAnother = render?.itemId === item.id && render.renderId !== item.renderId;
  const resubmitted = isAnother ? render.renderId : null;
  const watch: Watch = {
    renderId: resubmitted ?? item.renderId,
    isConfirmed: resubmitted === null && item.isSubmitted,
    canResubmit: resubmitted === null && item.canResubmit,
    isTakenOver: render?.isWatched === true,
  };
  if (watch.isTakenOver) world.metrics.recovered("export");
  else await keepRender(chat, { renderId: watch.renderId, itemId: item.id, isWatched: true });
  const ended = (outcome: Parameters<World["metrics"]["exportEnded"]>[0]) =>
    world.metrics.exportEnded(outcome, world.clock.now() - item.startedAt);
  const buttons = [[exportButton(chat)]];
  try {
    const end = await awaitRender(chat, session, caller, { ...item, watch }, progress, signal);
    if (end === "failed" || end === "timed-out") {
      // A render nobody watches would keep the next one out.
      if (end === "timed-out") await cancelRender(chat, caller, watch.renderId);
      await progress.finish(speaker.rich("export.stopped"));
      const key = end === "failed" ? "error.render-failed" : "export.timed-out";
      await speaker.say(key, {}, { tone: "error", buttons });
      ended(end);
    } else {
      // Said before the video comes, and still shown as work while a large one is fetched.
      await progress.show(speaker.rich("export.finished"));
      await deliverExport(chat, session, caller, end, signal);
      await progress.finish(speaker.rich("export.finished"));
      ended("delivered");
    }
    await forget(chat, watch.renderId);
  } catch (error) {
    if (isShutdown(signal)) {
      await progress.finish("handed-over");
      throw error;
    }
    await progress.finish(speaker.rich("export.stopped"));
    ended(signal.aborted ? "cancelled" : "failed");
    if (signal.aborted) await cancelRender(chat, caller, watch.renderId);
    else if (error instanceof BackendError) await fail(chat, error);
    else {
      world.log.error({ err: error, conversation: chat.id }, "an export ended in an unexpected error");
      await speaker.say("error.unexpected", {}, { tone: "error", buttons });
    }
    await forget(chat, watch.renderId);
  }
}

/** Ends a render nobody waits for; best effort. */
async function cancelRender(chat: Chat, caller: BackendCaller, renderId: string): Promise<void> {
  try {
    await chat.world.backend.cancelRender(caller, renderId, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
  } catch (error) {
    // A render costs nothing, and the backend ends it by itself in the end.
    chat.world.log.info({ err: error, conversation: chat.id }, "a render could not be cancelled");
  }
}

/** The render that is watched now; a failed one gives way to another. */
interface Watch {
  renderId: string;
  /** False while nobody knows whether the submission arrived. */
  isConfirmed: boolean;
  canResubmit: boolean;
  /** Another process has watched it before: it may be ready by now. */
  isTakenOver: boolean;
}

/** Polls until the render is completed. A failed render gets a new id, once; `watch` follows it. */
async function awaitRender(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  { watch, startedAt }: { watch: Watch; startedAt: number },
  progress: Progress,
  signal: AbortSignal,
): Promise<RenderStatus | "failed" | "timed-out"> {
  const { world, speaker } = chat;
  let notFound = 0;
  let isFirst = true;
  while (world.clock.now() - startedAt < world.limits.exportTimeoutMs || (isFirst && watch.isTakenOver)) {
    if (!isFirst || !watch.isTakenOver) await world.clock.sleep(world.limits.exportPollMs, signal);
    isFirst = false;
    const status = await readRender(chat, caller, watch.renderId, signal);
    if (status === "unknown") continue;
    if (status === "not-found") {
      if (++notFound < UNCONFIRMED_READS) continue;
      if (watch.isConfirmed) return "failed";
    } else {
      watch.isConfirmed = true;
      if (status.phase === "completed") return status;
      if (status.phase !== "failed") {
        if (status.progress !== null) {
          const percent = Math.round(status.progress);
          await progress.showIfDue(speaker.rich("export.progress", { percent }));
        }
        continue;
      }
    }
    if (!watch.canResubmit) return "failed";
    world.log.warn({ conversation: chat.id }, "a render failed; trying once more with a new id");
    const again = await submit(chat, session, caller, signal, false);
    if (!again) return "failed";
    Object.assign(watch, { ...again, canResubmit: false });
    notFound = 0;
  }
  return "timed-out";
}

/** A read that got no answer says nothing; the next poll asks again. */
async function readRender(
  chat: Chat,
  caller: BackendCaller,
  renderId: string,
  signal: AbortSignal,
): Promise<RenderStatus | "not-found" | "unknown"> {
  try {
    return await chat.world.backend.readRender(caller, renderId, signal);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (error.kind === "not-found") return "not-found";
    if (error.isOutcomeUnknown || error.kind === "unreachable" || error.kind === "rate-limited") {
      chat.world.log.warn({ err: error, conversation: chat.id }, "the render's status could not be read");
      return "unknown";
    }
    throw error;
  }
}

async function fail(chat: Chat, error: BackendError): Promise<void> {
  if (error.kind === "session-lost") await chat.update((current) => ({ ...current, session: null }));
  const message = chat.failure(error, false);
  const isFinal =
    error.kind === "export-blocked" || error.kind === "no-credits" || error.kind === "bad-token";
  const buttons = [...(message.buttons ?? []), ...(isFinal ? [] : [[exportButton(chat)]])];
  await chat.speaker.send({ ...message, buttons });
}

async function keepRender(chat: Chat, render: NonNullable<Conversation["render"]>): Promise<void> {
  await chat.update((current) => ({ ...current, render }));
}

/** Unless another export has begun since. */
async function forget(chat: Chat, renderId: string): Promise<void> {
  await chat.update((current) => ({
    ...current,
    render: current.render?.renderId === renderId ? null : current.render,
  }));
}
