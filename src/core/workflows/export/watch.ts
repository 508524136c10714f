/**
 * One export at its turn in the lane: its captured project is submitted, watched until the video is there, and
 * delivered. The exports of a conversation are worked on one by one, since a session takes only one active render.
 * Source: nemo-api.md, "Render" and "Errors".
 */
import { BackendError } from "../../model/backend-error.ts";
import type { Conversation } from "../../model/conversation.ts";
import { isShutdown } from "../../model/stop.ts";
import type { ExportItem } from "../../model/work-item.ts";
import type { Context } from "../../ports/context.ts";
import type { Metrics } from "../../ports/runtime.ts";
import type { RenderStatus } from "../../ports/video-backend.ts";
import { Chat } from "../chat.ts";
import { deliverExport, exportButton } from "./deliver.ts";
import { cancelRender, firstPollMs, type Job, nextPollMs, renderOf, type Watch } from "./render-record.ts";
import { stopExportButton } from "./start.ts";
import { submit } from "./submit.ts";

/** Reads of a render in a row that may say "not found": a new one may be known a moment later only. */
const NOT_FOUND_READS = 4;
type Outcome = Parameters<Metrics["exportEnded"]>[0];

/** Resolves when the video is delivered, or when the person has read why it is not. */
export async function runExport(context: Context, item: ExportItem, signal: AbortSignal): Promise<void> {
  // It has ended, and the process died before it could be crossed off.
  if (await context.store.hasSeen(item.id)) return;
  const { conversationId: id, replyTo: target, language } = item;
  const chat = await Chat.open(context, {
    ...{ id, target, language, itemId: item.id, userId: item.startedBy, askedAt: item.startedAt },
    living: { buttons: (speaker) => [[stopExportButton(speaker, item.id)]], shown: item.progress },
  });
  const render = renderOf(chat.record, item.id);
  const startedAt = render?.startedAt ?? context.clock.now();
  const job: Job = {
    chat,
    caller: await chat.caller(),
    session: { sessionId: item.sessionId, taskId: item.taskId, userId: null },
    item,
    capture: await context.store.readCapture(item.id),
    startedAt,
    signal,
  };
  chat.living.start("uploading-video").status(chat.speaker.rich("export.started"));
  let outcome: Outcome;
  try {
    outcome = await carryOut(job, render);
  } catch (error) {
    if (isShutdown(signal)) {
      await chat.living.release();
      throw error;
    }
    outcome = await breakOff(job, error);
  }
  await chat.living.close();
  context.metrics.exportEnded(outcome, context.clock.now() - startedAt);
  // In this order: a process that finds the item once more knows that it is over.
  await context.store.markSeen(item.id);
  await chat.update((current) => ({
    ...current,
    render: renderOf(current, item.id) ? null : current.render,
  }));
  await context.store.forgetCapture(item.id);
}

async function carryOut(job: Job, render: Conversation["render"]): Promise<Outcome> {
  const { chat, signal } = job;
  const { context } = chat;
  const watch = render ? takeOver(job, render) : await begin(job);
  if (watch === "failed") return giveUp(job, "failed");
  const end = await awaitRender(job, watch);
  if (end === "failed") return giveUp(job, end);
  if (end === "timed-out") {
    // A render that is not watched would keep the next one out.
    await cancelRender(job, watch.renderId);
    return giveUp(job, end);
  }
  const fileName = job.item.fileName ?? `${chat.skill.name}.mp4`;
  await deliverExport(chat, job.session, job.caller, { ...end, fileName }, signal);
  context.log.debug({ conversation: chat.id, item: job.item.id }, "an export was delivered");
  return "delivered";
}

async function begin(job: Job): Promise<Watch | "failed"> {
  const { chat, item } = job;
  const stale = chat.record.render;
  // It is not watched any more, and the backend takes only one active render a session.
  if (stale) await cancelRender(job, stale.renderId);
  chat.context.log.info({ conversation: chat.id, item: item.id }, "an export's render is submitted");
  return submit(job, true);
}

function takeOver({ chat }: Job, render: NonNullable<Conversation["render"]>): Watch {
  chat.context.metrics.recovered("export");
  return {
    renderId: render.renderId,
    isConfirmed: false,
    canResubmit: render.isLast !== true,
    isTakenOver: true,
  };
}

/** Polls until the render is completed. A failed render gets a new id, once; `watch` follows it. */
async function awaitRender(job: Job, watch: Watch): Promise<RenderStatus | "failed" | "timed-out"> {
  const { chat, startedAt, signal } = job;
  const { clock, limits, log } = chat.context;
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
    return await chat.context.backend.readRender(caller, renderId, signal);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    if (error.kind === "not-found") return "not-found";
    if (error.isOutcomeUnknown || error.kind === "unreachable" || error.kind === "rate-limited") {
      chat.context.log.warn({ err: error, conversation: chat.id }, "the render's status could not be read");
      return "unknown";
    }
    throw error;
  }
}

/** It only grows, whichever render of this export tells it, and whichever process watches. */
async function showPercent({ chat, item }: Job, told: number | null): Promise<void> {
  const shown = renderOf(chat.record, item.id)?.percent ?? -1;
  const percent = told === null ? -1 : Math.round(told);
  if (percent <= shown) return;
  await chat.update((current) => {
    const render = renderOf(current, item.id);
    return render ? { ...current, render: { ...render, percent } } : current;
  });
  chat.living.quietStatus(chat.speaker.rich("export.progress", { percent }));
}

async function giveUp({ chat }: Job, why: "failed" | "timed-out"): Promise<Outcome> {
  const { speaker, living } = chat;
  const key = why === "failed" ? "error.render-failed" : "export.timed-out";
  await living.end({ text: speaker.rich(key), tone: "error", buttons: [[exportButton(chat)]] });
  return why;
}

/** The person cancelled, the backend refused, or we have a fault. */
async function breakOff(job: Job, error: unknown): Promise<Outcome> {
  const { chat, item, signal } = job;
  const { speaker, context } = chat;
  if (signal.aborted) {
    const renderId = renderOf(chat.record, item.id)?.renderId;
    if (renderId !== undefined) await cancelRender(job, renderId);
    return "cancelled";
  }
  if (error instanceof BackendError) await tellFailure(job, error);
  else {
    context.log.error({ err: error, conversation: chat.id }, "an export ended in an unexpected error");
    const text = speaker.rich("error.unexpected");
    await chat.living.end({ text, tone: "error", buttons: [[exportButton(chat)]] });
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
  await chat.living.end({ ...message, buttons });
}
