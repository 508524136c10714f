/** What the processes of one bot tell each other of the calls that left. Source: platforms.md, "Rates". */
import { z } from "zod";
import { type RateLimits, recentOf, SECOND_MS } from "./rate-limit.ts";

/** Times are ages at `writtenAt`, which keeps the record short. */
export const rateRecordSchema = z.object({
  version: z.literal(1),
  /** Epoch ms. */
  writtenAt: z.number(),
  /** Calls of all chats within the last second, in ms before `writtenAt`; oldest first. */
  all: z.array(z.number()),
  /** Calls that still count for their chat, likewise. */
  chats: z.record(z.string(), z.array(z.number())),
  /** Chats that Telegram wants nothing in, with the epoch ms of the end of it. */
  blocked: z.record(z.string(), z.number()),
});

/** The same with times in epoch ms, oldest first. */
export interface RateState {
  all: number[];
  chats: Map<string, number[]>;
  blocked: Map<string, number>;
}

export type RateRecord = z.infer<typeof rateRecordSchema>;

/** What of the record still counts. One that cannot be read counts for nothing: the next seconds fill it again. */
export function readRate(record: RateRecord | null, now: number, options: RateLimits): RateState {
  const { writtenAt = now, all = [], chats = {}, blocked = {} } = record ?? {};
  // A clock that is far ahead of ours must not hold us up.
  const timesOf = (ages: number[]) => ages.map((age) => Math.min(writtenAt - age, now)).sort((a, b) => a - b);
  const state: RateState = {
    all: timesOf(all).filter((at) => now - at < SECOND_MS),
    chats: new Map(),
    blocked: new Map(Object.entries(blocked).filter(([, until]) => until > now)),
  };
  for (const [chatId, ages] of Object.entries(chats)) {
    const at = recentOf(chatId, timesOf(ages), now, options);
    if (at.length > 0) state.chats.set(chatId, at);
  }
  return state;
}

/** The state as the record keeps it. */
export function writeRate(state: RateState, now: number): RateRecord {
  const agesOf = (at: number[]) => at.map((time) => now - time);
  return {
    version: 1,
    writtenAt: now,
    all: agesOf(state.all),
    chats: Object.fromEntries([...state.chats].map(([chatId, at]) => [chatId, agesOf(at)])),
    blocked: Object.fromEntries(state.blocked),
  };
}
