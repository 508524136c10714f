/**
 * One export at its turn in the line: its captured project is submitted, watched until the video is there, and
 * delivered. The line of a conversation is worked on one by one, since a session takes only one active render.
 * Source: nemo-api.md, "Render" and "Errors".
 */
import { randomUUID } from "node:crypto";
import { BackendError } from "../../model/backend-error.ts";
import type { Capture } from "../../model/capture.ts";
import type { Conversation } from "../../model/conversation.ts";
import { type ExportItem, exportId } from "../../model/work-item.ts";
import { isShutdown, type World } from "../../ports/context.ts";
import type { BackendCaller, Metrics, RenderStatus, SessionRef } from "../../ports/ports.ts";
import { Progress } from "../../reply/progress.ts";
import { Chat } from "../chat.ts";
import { deliverExport, exportButton } from "./deliver.ts";
import { stopExportButton } from "./start.ts";

/** Reads of a render in a row that may say "not found": a new one may be known a moment later only. */
const NOT_FOUND_READS = 4;
const CANCEL_TIMEOUT_MS = 30_000;
const POLL_GROWTH = 1.5;

/** An export at its turn. */
interface Job {
  chat: Chat;
  caller: BackendCaller;
  session: SessionRef;
  item: ExportItem;
  /** Null when it is gone: a render that was submitted can still be watched, no other can be made. */
  capture: Capture | null;
  progress: Progress;
  /** Epoch ms of its turn. */
  startedAt: number;
  signal: AbortSignal;
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

type Outcome = Parameters<Metrics["exportEnded"]>[0];

/** Resolves when the video is delivered, or when the person has read why it is not. */
export async function runExport(world: World, item: ExportItem, signal: AbortSignal): Promise<void> {
  // It has ended, and the process died before it could be crossed off.
  if (await world.store.hasSeen(item.id)) return;
  const { conversationId: id, replyTo: target, language } = item;
  const chat = await Chat.open(world, { id, target, language, itemId: item.id, userId: item.startedBy });
  const { speaker } = chat;
  const render = renderOf(chat.record, item.id);
  const startedAt = render?.startedAt ?? world.clock.now();
  const job: Job = {
    chat,
    caller: await chat.caller(),
    session: { sessionId: item.sessionId, taskId: item.taskId, userId: null },
    item,
    capture: await world.store.readCapture(item.id),
    progress: new Progress(world, speaker, {
      sent: item.progress,
      startedAt,
      buttons: [[stopExportButton(speaker, item.id)]],
    }).start("uploading-video"),
    startedAt,
    signal,
  };
  let outcome: Outcome;
  try {
    outcome = await carryOut(job, render);
  } catch (error) {
    if (isShutdown(signal)) {
      await job.progress.finish("handed-over");
      throw error;
    }
    outcome = await breakOff(job, error);
  }
  world.metrics.exportEnded(outcome, world.clock.now() - startedAt);
  // In this order: whoever finds the item once more knows that it is over.
  await world.store.markSeen(item.id);
  await chat.update((current) => ({
    ...current,
    render: renderOf(current, item.id) ? null : current.render,
  }));
  await world.store.forgetCapture(item.id);
}

/** The render that was submitted for this export, by this process or by one that died. */
function renderOf({ render }: Conversation, itemId: string): Conversation["render"] {
  // Older versions wrote the message that had asked for it.
  const isOurs = render?.itemId === itemId || (render && exportId(render.itemId) === itemId);
  return isOurs ? render : null;
}

async function carryOut(job: Job, render: Conversation["render"]): Promise<Outcome> {
  const { chat, progress, signal } = job;
  const { speaker, world } = chat;
  const watch = render ? takeOver(job, render) : await begin(job);
  if (watch === "failed") return giveUp(job, "failed");
  const end = await awaitRender(job, watch);
  if (end === "failed") return giveUp(job, end);
  if (end === "timed-out") {
    // A render nobody watches would keep the next one out.
    await cancelRender(job, watch.renderId);
    return giveUp(job, end);
  }
  // Said before the video comes, and still shown as work while a large one is fetched.
  await progress.show(speaker.rich("export.finished"));
  const fileName = job.item.fileName ?? `${chat.skill.name}.mp4`;
  await deliverExport(chat, job.session, job.caller, { ...end, fileName }, signal);
  await progress.finish(speaker.rich("export.finished"));
  world.log.debug({ conversation: chat.id, item: job.item.id }, "an export was delivered");
  return "delivered";
}

async function begin(job: Job): Promise<Watch | "failed"> {
  const { chat, item, progress } = job;
  const stale = chat.record.render;
  // Nobody watches it any more, and the backend takes only one active render a session.
  if (stale) await cancelRender(job, stale.renderId);
  if (item.hasWaited) await progress.show(chat.speaker.rich("export.started"));
  chat.world.log.info({ conversation: chat.id, item: item.id }, "an export's render is submitted");
  return submit(job, true);
}

function takeOver({ chat }: Job, render: NonNullable<Conversation["render"]>): Watch {
  chat.world.metrics.recovered("export");
  return {
    renderId: render.renderId,
    isConfirmed: false,
    canResubmit: render.isLast !== true,
    isTakenOver: true,
  };
}

/**
 * A used id, or a render that fails at once, gets a new id, once. The id is kept before it is sent: whoever takes
 * over knows which render may exist. A session that still renders something else is waited for.
 */
async function submit(job: Job, canResubmit: boolean): Promise<Watch | "failed"> {
  const { chat, caller, capture, session, startedAt, signal } = job;
  const { backend, clock, limits } = chat.world;
  if (!capture) return "failed";
  const isTakenOver = false;
  const renderId = `render_${randomUUID()}`;
  await keepRender(job, { renderId, isLast: !canResubmit });
  const { draft, files } = capture;
  const render = { renderId, sessionId: session.sessionId, draft, files };
  for (let waitMs = firstPollMs(job); ; waitMs = nextPollMs(job, waitMs)) {
    try {
      const status = await backend.submitRender(caller, render, signal);
      if (status.renderId !== renderId) {
        await keepRender(job, { renderId: status.renderId, isLast: !canResubmit });
      }
      if (status.phase !== "failed") {
        return { renderId: status.renderId, isConfirmed: true, canResubmit, isTakenOver };
      }
      if (!canResubmit) return "failed";
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      // Never sent again blindly: whether our id exists is asked for later.
      if (error.isOutcomeUnknown) return { renderId, isConfirmed: false, canResubmit, isTakenOver };
      if (error.kind === "render-active" && clock.now() - startedAt < limits.exportTimeoutMs) {
        await clock.sleep(waitMs, signal);
        continue;
      }
      if (error.kind !== "duplicate-render" || !canResubmit) throw error;
    }
    return submit(job, false);
  }
}

/** Polls until the render is completed. A failed render gets a new id, once; `watch` follows it. */
async function awaitRender(job: Job, watch: Watch): Promise<RenderStatus | "failed" | "timed-out"> {
  const { chat, startedAt, signal } = job;
  const { clock, limits, log } = chat.world;
  let notFound = 0;
  let waitMs = watch.isTakenOver ? 0 : firstPollMs(job);
  while (waitMs === 0 || clock.now() - startedAt < limits.exportTimeoutMs) {
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    waitMs = waitMs === 0 ? firstPollMs(job) : nextPollMs(job, waitMs);
    const status = await readRender(job, watch.renderId);
    if (status === "unknown") continue;
    if (status === "not-found") {
      if (++notFound < NOT_FOUND_READS) continue;
      if (watch.isConfirmed) return "failed";
    } else {
      notFound = 0;
      watch.isConfirmed = true;
      if (status.phase === "completed") return status;
      if (status.phase !== "failed") {
        await showPercent(job, status.progress);
        continue;
      }
    }
    if (!watch.canResubmit) return "failed";
    log.warn({ conversation: chat.id }, "a render failed; trying once more with a new id");
    const again = await submit(job, false);
    if (again === "failed") return again;
    Object.assign(watch, again);
    notFound = 0;
    waitMs = firstPollMs(job);
  }
  return "timed-out";
}

/** A read that got no answer says nothing; the next poll asks again. */
async function readRender(
  { chat, caller, signal }: Job,
  renderId: string,
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

/** It only grows, whichever render of this export tells it, and whoever watches. */
async function showPercent({ chat, item, progress }: Job, told: number | null): Promise<void> {
  const shown = renderOf(chat.record, item.id)?.percent ?? -1;
  const percent = told === null ? -1 : Math.round(told);
  if (percent <= shown) return;
  await chat.update((current) => {
    const render = renderOf(current, item.id);
    return render ? { ...current, render: { ...render, percent } } : current;
  });
  await progress.showIfDue(chat.speaker.rich("export.progress", { percent }));
}

function firstPollMs({ chat }: Job): number {
  const { exportFirstPollMs, exportPollMs } = chat.world.limits;
  return Math.min(exportFirstPollMs, exportPollMs);
}

function nextPollMs({ chat }: Job, waitMs: number): number {
  return Math.min(waitMs * POLL_GROWTH, chat.world.limits.exportPollMs);
}

async function keepRender(
  { chat, item, startedAt }: Job,
  render: { renderId: string; isLast: boolean },
): Promise<void> {
  await chat.update((current) => ({
    ...current,
    render: { ...renderOf(current, item.id), ...render, itemId: item.id, startedAt },
  }));
}

async function giveUp({ chat, progress }: Job, why: "failed" | "timed-out"): Promise<Outcome> {
  const { speaker } = chat;
  await progress.finish(speaker.rich("export.stopped"));
  const key = why === "failed" ? "error.render-failed" : "export.timed-out";
  await speaker.say(key, {}, { tone: "error", buttons: [[exportButton(chat)]] });
  return why;
}

/** The person cancelled, the backend refused, or we have a fault. */
async function breakOff(job: Job, error: unknown): Promise<Outcome> {
  const { chat, item, progress, signal } = job;
  const { speaker, world } = chat;
  await progress.finish(speaker.rich("export.stopped"));
  if (signal.aborted) {
    const renderId = renderOf(chat.record, item.id)?.renderId;
    if (renderId !== undefined) await cancelRender(job, renderId);
    return "cancelled";
  }
  if (error instanceof BackendError) await tellFailure(job, error);
  else {
    world.log.error({ err: error, conversation: chat.id }, "an export ended in an unexpected error");
    await speaker.say("error.unexpected", {}, { tone: "error", buttons: [[exportButton(chat)]] });
  }
  return "failed";
}

async function tellFailure({ chat, session }: Job, error: BackendError): Promise<void> {
  if (error.kind === "session-lost") {
    await chat.update((current) => {
      const isStillOurs = current.session?.sessionId === session.sessionId;
      return isStillOurs ? { ...current, session: null } : current;
    });
  }
  const message = chat.failure(error, false);
  const isFinal =
    error.kind === "export-blocked" || error.kind === "no-credits" || error.kind === "bad-token";
  const buttons = [...(message.buttons ?? []), ...(isFinal ? [] : [[exportButton(chat)]])];
  await chat.speaker.send({ ...message, buttons });
}

/** Ends a render nobody waits for; best effort. */
async function cancelRender({ chat, caller }: Job, renderId: string): Promise<void> {
  try {
    await chat.world.backend.cancelRender(caller, renderId, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
  } catch (error) {
    // A render costs nothing, and the backend ends it by itself in the end.
    chat.world.log.info({ err: error, conversation: chat.id }, "a render could not be cancelled");
  }
}
