/** An export at work and what is kept of its render: the id that was submitted, by whichever process. */

import type { Capture } from "../../model/capture.ts";
import type { Conversation } from "../../model/conversation.ts";
import { type ExportItem, exportId } from "../../model/work-item.ts";
import type { BackendCaller, SessionRef } from "../../ports/video-backend.ts";
import type { Chat } from "../chat.ts";

/** The render that was submitted for this export, by this process or by one that died. */
export function renderOf({ render }: Conversation, itemId: string): Conversation["render"] {
  // Older versions wrote the message that had asked for it.
  const isOurs = render?.itemId === itemId || (render && exportId(render.itemId) === itemId);
  return isOurs ? render : null;
}

export async function keepRender(
  { chat, item, startedAt }: Job,
  render: { renderId: string; isLast: boolean },
): Promise<void> {
  await chat.update((current) => ({
    ...current,
    render: { ...renderOf(current, item.id), ...render, itemId: item.id, startedAt },
  }));
}

/** Ends a render that is not waited for any more; best effort. */
export async function cancelRender({ chat, caller }: Job, renderId: string): Promise<void> {
  try {
    await chat.context.backend.cancelRender(caller, renderId, AbortSignal.timeout(CANCEL_TIMEOUT_MS));
  } catch (error) {
    // A render costs nothing, and the backend ends it by itself in the end.
    chat.context.log.info({ err: error, conversation: chat.id }, "a render could not be cancelled");
  }
}

const CANCEL_TIMEOUT_MS = 30000;
const POLL_GROWTH = 1.5;

/** An export at its turn. */
export interface Job {
  chat: Chat;
  caller: BackendCaller;
  session: SessionRef;
  item: ExportItem;
  /** Null when it is gone: a render that was submitted can still be watched, no other can be made. */
  capture: Capture | null;
  /** Epoch ms of its turn. */
  startedAt: number;
  signal: AbortSignal;
}

/** The render that is watched now; a failed one gives way to another. */
export interface Watch {
  renderId: string;
  /** False while it is not known whether the submission arrived. */
  isConfirmed: boolean;
  canResubmit: boolean;
  /** Another process has watched it before: it may be ready by now. */
  isTakenOver: boolean;
}

export function firstPollMs({ chat }: Job): number {
  const { exportFirstPollMs, exportPollMs } = chat.context.limits;
  return Math.min(exportFirstPollMs, exportPollMs);
}

export function nextPollMs({ chat }: Job, waitMs: number): number {
  return Math.min(waitMs * POLL_GROWTH, chat.context.limits.exportPollMs);
}
