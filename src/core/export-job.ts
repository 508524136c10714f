/**
 * Export: the state is checked and the render submitted inside the mailbox; the render is then watched
 * beside it, so that editing goes on. Source: nemo-api.md, "Render" and "Errors".
 */
import { randomUUID } from "node:crypto";
import { BackendError } from "./backend-error.ts";
import { Chat } from "./chat.ts";
import { warnOperator } from "./connect.ts";
import { failureMessage } from "./failure.ts";
import { formatBytes, formatDuration } from "./media.ts";
import type { Button } from "./message.ts";
import type { BackendCaller, ByteSource, RenderStatus, SessionRef } from "./ports.ts";
import { Progress } from "./progress.ts";
import type { RichText } from "./rich-text.ts";
import { isExportable } from "./timeline.ts";
import { type ExportItem, exportLane } from "./work-item.ts";
import type { World } from "./world.ts";

/** Reads of an unconfirmed render that may say "not found" before it counts as never submitted. */
const UNCONFIRMED_READS = 2;

/** Submits a render of the project as it is now. Throws `session-lost` and the signal's reason. */
export async function startExport(
  chat: Chat,
  session: SessionRef,
  startedBy: string,
  signal: AbortSignal,
): Promise<void> {
  const { speaker, world } = chat;
  await chat.refresh();
  if (chat.record.renderId !== null) {
    if ((await world.queue.size(exportLane(chat.id))) > 0) {
      await speaker.say("export.already-running", {}, { buttons: [[cancelButton(chat)]] });
      return;
    }
    // Nobody watches it any more since a restart, and the backend takes only one active render a session.
    await cancelRender(chat, chat.record.renderId, signal);
  }
  const progress = new Progress(world, speaker);
  try {
    const submitted = await submit(chat, session, await chat.caller(), signal);
    if (!submitted) {
      await speaker.say("export.nothing-yet");
      return;
    }
    await chat.update((current) => ({ ...current, renderId: submitted.renderId }));
    await progress.show(speaker.rich("export.started"));
    const item: ExportItem = {
      version: 1,
      id: randomUUID(),
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
    };
    const pushed = await world.queue.push(item);
    if (pushed.kind === "full") throw new Error("the lane of an export was full");
  } catch (error) {
    if (!(error instanceof BackendError) || error.kind === "session-lost") throw error;
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

/** Null when there is nothing to export. A used id, or a render that fails at once, gets a new id, once. */
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
  try {
    const status = await backend.submitRender(caller, { renderId, sessionId, draft }, signal);
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
  const chat = await Chat.open(world, item.conversationId, item.replyTo, item.language);
  const session: SessionRef = { sessionId: item.sessionId, taskId: item.taskId, userId: null };
  const progress = new Progress(world, chat.speaker, item.progress).start("uploading-video");
  try {
    const caller = await chat.caller();
    const status = await awaitRender(chat, session, caller, item, progress, signal);
    if (status === "timed-out") {
      await chat.refresh();
      // Else the next export would be refused: the backend takes only one active render a session.
      await cancelRender(chat, chat.record.renderId ?? item.renderId, signal);
      await progress.finish(chat.speaker.rich("export.stopped"));
      await chat.speaker.say("export.timed-out", {}, { tone: "error", buttons: [[exportButton(chat)]] });
    } else if (status === "failed") {
      await progress.finish(chat.speaker.rich("export.stopped"));
      await chat.speaker.say("error.render-failed", {}, { tone: "error", buttons: [[exportButton(chat)]] });
    } else {
      await progress.finish(chat.speaker.rich("export.finished"));
      await deliver(chat, session, caller, status, signal);
    }
    await forget(chat);
  } catch (error) {
    await progress.finish(chat.speaker.rich("export.stopped"));
    if (signal.aborted) {
      const isShutdown = signal.reason instanceof Error && signal.reason.message.includes("shuts down");
      if (!isShutdown) await forget(chat);
      throw error;
    }
    await forget(chat);
    if (!(error instanceof BackendError)) throw error;
    await fail(chat, error);
  }
}

/** Ends a render nobody waits for; best effort. */
export async function cancelRender(chat: Chat, renderId: string, signal: AbortSignal): Promise<void> {
  try {
    await chat.world.backend.cancelRender(await chat.caller(), renderId, signal);
  } catch (error) {
    if (signal.aborted) throw error;
    // The person no longer waits for it, and a render costs nothing.
    chat.world.log.info({ err: error, conversation: chat.id }, "a render could not be cancelled");
  }
}

/** Polls until the render is completed. A failed render gets a new id, once. */
async function awaitRender(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  item: ExportItem,
  progress: Progress,
  signal: AbortSignal,
): Promise<RenderStatus | "failed" | "timed-out"> {
  const { world, speaker } = chat;
  let { renderId, isSubmitted: isConfirmed, canResubmit } = item;
  let notFound = 0;
  while (world.clock.now() - item.startedAt < world.limits.exportTimeoutMs) {
    await world.clock.sleep(world.limits.exportPollMs, signal);
    const status = await readRender(chat, caller, renderId, signal);
    if (status === "unknown") continue;
    if (status === "not-found") {
      notFound++;
      if (isConfirmed || notFound < UNCONFIRMED_READS) {
        if (notFound < UNCONFIRMED_READS) continue;
        return "failed";
      }
    } else {
      isConfirmed = true;
      if (status.phase === "completed") return status;
      if (status.phase !== "failed") {
        const percent = status.progress;
        if (percent !== null) {
          await progress.showIfDue(speaker.rich("export.progress", { percent: Math.round(percent) }));
        }
        continue;
      }
    }
    if (!canResubmit) return "failed";
    world.log.warn({ conversation: chat.id, renderId }, "a render failed; trying once more with a new id");
    const again = await submit(chat, session, caller, signal, false);
    if (!again) return "failed";
    ({ renderId } = again);
    isConfirmed = again.isConfirmed;
    canResubmit = false;
    notFound = 0;
    await chat.update((current) => ({ ...current, renderId }));
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

async function deliver(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  render: RenderStatus,
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const facts = [
    render.durationS !== null ? formatDuration(render.durationS * 1000) : null,
    render.sizeBytes !== null ? formatBytes(render.sizeBytes) : null,
  ].filter((fact) => fact !== null);
  const claimLink = await claimLinkOf(chat, session, caller, signal);
  const link: RichText = render.url ? [{ text: speaker.plain("export.download"), href: render.url }] : [];
  const buttons: Button[] = [];
  if (render.url) buttons.push({ kind: "link", label: speaker.plain("button.download"), href: render.url });
  if (claimLink) buttons.push({ kind: "link", label: speaker.plain("button.open-project"), href: claimLink });
  await speaker.deliverVideo(
    {
      text: speaker.paragraphs(
        speaker.rich("export.ready", { facts: facts.length > 0 ? ` (${facts.join(", ")})` : "" }),
        link,
        claimLink ? [{ text: speaker.plain("export.open-project"), href: claimLink }] : [],
      ),
      buttons: buttons.map((button) => [button]),
      video: {
        name: `${chat.skill.name}.mp4`,
        url: render.url,
        sizeBytes: render.sizeBytes,
        durationS: render.durationS,
        width: render.width,
        height: render.height,
      },
    },
    (openSignal) => openVideo(chat, caller, render, openSignal),
  );
}

/** By the public address; by the authorized download path when there is none or it does not answer. */
async function openVideo(
  chat: Chat,
  caller: BackendCaller,
  render: RenderStatus,
  signal: AbortSignal,
): Promise<ByteSource> {
  const { backend, log } = chat.world;
  if (render.url) {
    try {
      return await backend.openUrl(render.url, signal);
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      log.warn(
        { err: error, conversation: chat.id },
        "an export's address does not answer; using the download path",
      );
    }
  }
  return backend.openRender(caller, render.renderId, signal);
}

/** The link is an extra: null when the backend refuses one. */
async function claimLinkOf(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  signal: AbortSignal,
): Promise<string | null> {
  if (!session.taskId) return null;
  try {
    return await chat.world.backend.createClaimLink(caller, session, signal);
  } catch (error) {
    if (!(error instanceof BackendError)) throw error;
    chat.world.log.info({ err: error, conversation: chat.id }, "no claim link for an export");
    return null;
  }
}

async function fail(chat: Chat, error: BackendError): Promise<void> {
  const { speaker, payer, skill, world } = chat;
  warnOperator(chat, error);
  world.log.warn({ err: error, conversation: chat.id }, "an export failed");
  const message = failureMessage(speaker, error, { payer, skill, webUrl: world.webUrl, canRetry: false });
  const canTryAgain =
    error.kind !== "export-blocked" && error.kind !== "no-credits" && error.kind !== "bad-token";
  await speaker.send({
    ...message,
    buttons: [...(message.buttons ?? []), ...(canTryAgain ? [[exportButton(chat)]] : [])],
  });
}

async function forget(chat: Chat): Promise<void> {
  await chat.update((current) => ({ ...current, renderId: null }));
}

function exportButton(chat: Chat): Button {
  return chat.speaker.button("button.export-again", { kind: "export" });
}

function cancelButton(chat: Chat): Button {
  return chat.speaker.button("button.cancel", { kind: "cancel", scope: "current" });
}
