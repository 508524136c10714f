/**
 * A finished render on its way to the person: the message, the links, and the file's bytes.
 * Source: nemo-api.md, "Render download" and "Claim link".
 */
import { limitBytes } from "../../../lib/byte-stream.ts";
import { within } from "../../../lib/timeout.ts";
import { BackendError } from "../../model/backend-error.ts";
import { formatBytes, formatDuration } from "../../model/file-formats.ts";
import type { Button } from "../../model/message.ts";
import type { RichText } from "../../model/rich-text.ts";
import type { ByteSource } from "../../ports/chat-platform.ts";
import type { BackendCaller, RenderStatus, SessionRef } from "../../ports/video-backend.ts";
import type { MessageDraft } from "../../reply/speaker.ts";
import type { Chat } from "../chat.ts";

/** The link to the project is an extra: a finished video does not wait longer for it, and it follows by itself. */
const CLAIM_WAIT_MS = 500;
/** Later it is left out. */
const CLAIM_TIMEOUT_MS = 10_000;
/** Larger than any export; what goes on beyond is no video. */
const MAX_VIDEO_BYTES = 4 * 1024 ** 3;

/** Hands the video over with its facts, its links and, where it fits, the file. Throws the signal's reason. */
export async function deliverExport(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  render: RenderStatus & { fileName: string },
  signal: AbortSignal,
): Promise<void> {
  const { speaker } = chat;
  const facts = speaker.facts([
    render.durationS !== null ? formatDuration(render.durationS * 1000) : null,
    render.sizeBytes !== null ? formatBytes(render.sizeBytes) : null,
  ]);
  const isShared = speaker.platform.isShared(speaker.target);
  const claim = isShared ? null : claimLinkOf(chat, session, caller, signal);
  // Looked at again after the video.
  claim?.catch(() => {});
  const claimLink = claim && (await within(CLAIM_WAIT_MS, claim, "later"));
  const isClaimed = claimLink !== null && claimLink !== "later";
  const link: RichText = render.url ? [{ text: speaker.plain("export.download"), href: render.url }] : [];
  const buttons: Button[] = [];
  if (render.url) buttons.push({ kind: "link", label: speaker.plain("button.download"), href: render.url });
  if (isClaimed) buttons.push({ kind: "link", label: speaker.plain("button.open-project"), href: claimLink });
  const message: MessageDraft = {
    text: speaker.paragraphs(
      speaker.rich("export.ready", { facts }),
      link,
      isClaimed ? [{ text: speaker.plain("export.open-project"), href: claimLink }] : [],
    ),
    buttons: buttons.map((button) => [button]),
    video: {
      name: render.fileName,
      sizeBytes: render.sizeBytes,
      durationS: render.durationS,
      width: render.width,
      height: render.height,
    },
    ...(chat.living.isLate ? { isReply: true } : {}),
    idempotencyKey: `${chat.itemId}:video`,
  };
  // Nothing decorative goes before the video.
  chat.living.hush();
  // What its address gives is no video, or is nowhere we would fetch from.
  let isMissing = render.url === null;
  const open = async (openSignal: AbortSignal) => {
    try {
      return await openVideo(chat, caller, render, openSignal);
    } catch (error) {
      isMissing ||= error instanceof BackendError && (error.kind === "not-found" || error.kind === "refused");
      throw error;
    }
  };
  const { exportTimeoutMs } = chat.context.limits;
  const { isFileSent } = await speaker.deliverVideo(message, open, exportTimeoutMs, signal);
  if (!isFileSent && isMissing) {
    const text = speaker.rich("export.undelivered");
    await chat.living.end({ text, tone: "error", buttons: [[exportButton(chat)]] });
    return;
  }
  if (isShared) await offerProject(chat, await claimLinkOf(chat, session, caller, signal));
  if (claimLink === "later") await offerProject(chat, await claim);
}

/** By itself: where others read along it is for its owner's eyes alone. */
async function offerProject({ speaker }: Chat, href: string | null): Promise<void> {
  if (!href) return;
  await speaker.send({
    tone: "private",
    isDispensable: true,
    text: [{ text: speaker.plain("export.open-project"), href }],
    buttons: [[{ kind: "link", label: speaker.plain("button.open-project"), href }]],
  });
}

/** By the public address; by the authorized download path when there is none or it does not answer. */
async function openVideo(
  chat: Chat,
  caller: BackendCaller,
  render: RenderStatus,
  signal: AbortSignal,
): Promise<ByteSource> {
  const { backend, log } = chat.context;
  if (render.url) {
    try {
      return bounded(await backend.openUrl(render.url, signal));
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      log.warn(
        { err: error, conversation: chat.id },
        "an export's address does not answer; using the download path",
      );
    }
  }
  return bounded(await backend.openRender(caller, render.renderId, signal));
}

/** The bytes, as long as they can be a video. */
function bounded(source: ByteSource): ByteSource {
  const tooMany = () => new BackendError({ kind: "bad-answer", operation: "download video" });
  return { ...source, stream: limitBytes(source.stream, MAX_VIDEO_BYTES, tooMany) };
}

/**
 * The link is an extra: null when the backend refuses one. With it a person can take the project over: it is for
 * the owner of a free account alone, the person who began the project.
 */
async function claimLinkOf(
  chat: Chat,
  session: SessionRef,
  caller: BackendCaller,
  signal: AbortSignal,
): Promise<string | null> {
  const startedBy = starterOfProject(chat, session);
  const { platform, target } = chat.speaker;
  // Old records do not say who began it; in a chat of one's own there is only one who can have.
  const isOwner = startedBy === undefined ? !platform.isShared(target) : startedBy === chat.userId;
  if (!session.taskId || !isOwner || caller.account.owner !== "free") return null;
  try {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(CLAIM_TIMEOUT_MS)]);
    return await chat.context.backend.createClaimLink(caller, session, deadline);
  } catch (error) {
    signal.throwIfAborted();
    chat.context.log.info({ err: error, conversation: chat.id }, "no claim link for an export");
    return null;
  }
}

/** The person who began the exported project, which may be open no more. Undefined: not known. */
function starterOfProject({ record }: Chat, { sessionId }: SessionRef): string | null | undefined {
  if (record.session?.sessionId === sessionId) return record.startedBy;
  return record.projects?.find((project) => project.session.sessionId === sessionId)?.startedBy;
}

/** Exports the project as it is then. */
export function exportButton(chat: Chat): Button {
  return chat.speaker.button("button.export-again", { kind: "export" });
}
