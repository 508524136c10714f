/** A message that ended in an error: what the person reads, and the way to try again. Source: DESIGN.md, rule 5. */
import { BackendError } from "../model/backend-error.ts";
import { type Request, repeatable } from "../model/request.ts";
import type { RichText } from "../model/rich-text.ts";
import { mailboxLane } from "../model/work-item.ts";
import type { Chat } from "./chat.ts";
import { replaceSession } from "./connect.ts";
import { removeNotice } from "./waiting-notice.ts";

/** A plain sentence for whatever went wrong; `request` waits for the retry button. */
export async function tellError(chat: Chat, request: Request, error: unknown): Promise<void> {
  const { speaker, context } = chat;
  const kept = repeatable(request);
  if (error instanceof BackendError) await chat.living.end(chat.failure(error, kept !== null));
  else {
    context.log.error({ err: error, conversation: chat.id }, "a message ended in an unexpected error");
    const buttons = kept ? [[speaker.button("button.retry", chat.retry)]] : [];
    const text = speaker.paragraphs(speaker.rich("error.unexpected"), costOfRetry(chat, kept));
    await chat.living.end({ text, tone: "error", buttons });
  }
  // Last: when the store is the trouble, the person knows already.
  await chat.keepForRetry(kept);
}

/**
 * The backend has lost the session: makes a new one, says so, and offers the way back to where the person was. False
 * for a question beside the mailbox when another item has started over and said so: it can be answered from the new
 * session.
 */
export async function startOver(
  chat: Chat,
  request: Request,
  isInMailbox: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const { speaker, context, session: lost } = chat;
  const kept = repeatable(request);
  await chat.keepForRetry(kept);
  const isFirst = (await replaceSession(chat, lost, signal)) !== null;
  context.log.warn({ conversation: chat.id, isFirst }, "the backend lost a session");
  if (!isFirst && !isInMailbox) return false;
  const hasFiles = chat.record.files.length > 0;
  // What waits was meant for the timeline that is gone, and would be paid for.
  const dropped = isInMailbox && hasFiles ? await context.queue.clear(mailboxLane(chat.id)) : [];
  for (const item of dropped) void removeNotice(context, item);
  const text = speaker.paragraphs(
    speaker.rich(hasFiles ? "session.lost-with-files" : "session.lost"),
    dropped.length > 0 ? speaker.rich("session.dropped", { count: dropped.length }) : [],
    costOfRetry(chat, kept),
  );
  const buttons = [
    ...(hasFiles ? [[speaker.button("button.upload-again", { kind: "upload-again" })]] : []),
    ...(kept ? [[speaker.button("button.retry", chat.retry)]] : []),
  ];
  await chat.living.end({ tone: "error", text, buttons });
  return true;
}

/** What is said beside "Try again" where words would go to the editor once more; empty for files alone. */
function costOfRetry({ speaker }: Chat, kept: ReturnType<typeof repeatable>): RichText {
  return kept === null || kept.text === "" ? [] : speaker.rich("retry.may-cost");
}
