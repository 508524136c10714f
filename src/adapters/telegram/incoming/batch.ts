/**
 * The answer of getUpdates, whatever is in it: its updates in the order of their ids, each once. An id that cannot
 * be one of this queue confirms nothing, since confirming it would forget all others. Source: Bot API, getUpdates.
 */
import { type Message, readUpdate, type Unreadable, type Update } from "./update-schema.ts";

/** Telegram gives 100 at most; what is beyond this comes again. */
const MAX_UPDATES = 1_000;
/** Ids of one queue follow each other; those of updates that we do not ask for are left out. */
const MAX_DISTANCE = 1_000_000;

export interface BatchItem {
  updateId: number;
  /** Null: it cannot be read. */
  update: Update | null;
}

export interface Batch {
  /** Ids ascending, each once. */
  items: BatchItem[];
  /** What cannot be read; those with an id are items too. */
  unreadable: Unreadable[];
  /** How many elements the answer has. */
  size: number;
}

/** The answer is no list at all. */
class UnreadableAnswerError extends Error {
  constructor() {
    super("Telegram's answer to getUpdates is no list of updates");
    this.name = "UnreadableAnswerError";
  }
}

/** Reads an answer to a request from `offset` on. Throws `UnreadableAnswerError`. */
export function readBatch(answer: unknown, offset: number | undefined): Batch {
  if (!Array.isArray(answer)) throw new UnreadableAnswerError();
  const raw: unknown[] = answer;
  const ids = raw.map(idOf).filter((id) => id !== null);
  const anchor = anchorOf(ids, offset);
  const unreadable: Unreadable[] = [];
  const known = new Map<number, unknown>();
  for (const one of raw) {
    const id = idOf(one);
    const isOurs = id !== null && Math.abs(id - anchor) <= MAX_DISTANCE;
    if (isOurs && !known.has(id)) known.set(id, one);
    if (!isOurs && unreadable.length < MAX_UPDATES) unreadable.push(withoutId(one));
  }
  const first = [...known].sort(([a], [b]) => a - b).slice(0, MAX_UPDATES);
  const items = first.map(([updateId, one]): BatchItem => {
    const read = readUpdate(one);
    if (read.kind === "update") return { updateId, update: read.update };
    unreadable.push(read);
    return { updateId, update: null };
  });
  return { items, unreadable, size: raw.length };
}

/** The messages among the items. */
export function messagesOf(items: readonly BatchItem[]): { updateId: number; message: Message }[] {
  return items.flatMap(({ updateId, update }) =>
    update?.message ? [{ updateId, message: update.message }] : [],
  );
}

function idOf(raw: unknown): number | null {
  const id = typeof raw === "object" && raw !== null && "update_id" in raw ? raw.update_id : null;
  return typeof id === "number" && Number.isSafeInteger(id) && id > 0 && id < 2 ** 31 ? id : null;
}

/** Where the queue is: at the offset, unless Telegram has started its count over, as it may after a quiet week. */
function anchorOf(ids: readonly number[], offset: number | undefined): number {
  if (offset !== undefined && ids.some((id) => Math.abs(id - offset) <= MAX_DISTANCE)) return offset;
  const sorted = ids.toSorted((a, b) => a - b);
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0;
}

function withoutId(raw: unknown): Unreadable {
  const read = readUpdate(raw);
  return read.kind === "unreadable"
    ? { ...read, updateId: null }
    : { updateId: null, type: "unknown", fields: "update_id" };
}
