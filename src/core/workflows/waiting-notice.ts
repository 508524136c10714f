/**
 * Where a message or an export stands in its line, below the person's message until its turn comes: then the living
 * message of its work goes on with it. Source: DESIGN.md, rules 2 and 9.
 */
import type { Button, SentMessage } from "../model/message.ts";
import type { RichText } from "../model/rich-text.ts";
import { livingKey, targetOf, type WorkItem } from "../model/work-item.ts";
import { ChatGoneError } from "../ports/chat-platform.ts";
import type { Context } from "../ports/context.ts";
import type { Speaker } from "../reply/speaker.ts";

/** Between two looks at the line. */
const LOOK_EVERY_MS = 5_000;

interface Notice {
  /** A shorter wait is not worth a message. */
  firstAfterMs: number;
  /** `place`: how many come before it, what runs included. */
  text: (place: number) => RichText;
  buttons: Button[][];
}

/** Shows the place of `item`, and each better one. Never rejects; ends with the process. */
export async function showPlace(
  { queue, clock, log, stopping }: Pick<Context, "queue" | "clock" | "log" | "stopping">,
  speaker: Speaker,
  item: Pick<WorkItem, "id" | "lane">,
  { firstAfterMs, text, buttons }: Notice,
): Promise<void> {
  const idempotencyKey = livingKey(item.id);
  let shown: SentMessage | null = null;
  let shownPlace: number | null = null;
  try {
    for (let waitMs = firstAfterMs; ; waitMs = LOOK_EVERY_MS) {
      await clock.sleep(waitMs, stopping);
      const place = await placeOf(queue, item);
      if (place === null) return;
      if (shownPlace === place) continue;
      const draft = { tone: "progress", isReply: true, text: text(place), buttons, idempotencyKey } as const;
      const sent: SentMessage | null = await speaker.showProgress(shown, draft);
      if (!sent) continue;
      shown = sent;
      shownPlace = place;
      // Its turn may have come in between, and be over: then nothing goes on with the message.
      const isOwed =
        (await placeOf(queue, item)) !== null || (await queue.running(item.lane))?.id === item.id;
      if (!isOwed) return await speaker.remove(sent);
    }
  } catch (error) {
    if (stopping.aborted || error instanceof ChatGoneError) return;
    log.warn({ err: error, item: item.id }, "a place in line could not be shown");
  }
}

/** Takes the notice of an item away that waits no more and is not worked on. */
export async function removeNotice({ platforms }: Pick<Context, "platforms">, item: WorkItem): Promise<void> {
  const target = targetOf(item);
  const platform = platforms.get(target.platform);
  const sent = await platform?.find(target, livingKey(item.id));
  if (sent) await platform?.remove(sent);
}

/** Null once it does not wait any more. */
async function placeOf(
  queue: Context["queue"],
  { id, lane }: Pick<WorkItem, "id" | "lane">,
): Promise<number | null> {
  const at = (await queue.waiting(lane)).findIndex((one) => one.id === id);
  if (at < 0) return null;
  return Math.max(1, at + ((await queue.running(lane)) ? 1 : 0));
}
