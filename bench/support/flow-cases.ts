/** What people do in a place, and what is measured of it, for `bench/flow.ts`. */
import { setTimeout as sleep } from "node:timers/promises";
import type { TurnStep } from "../../src/sandbox/scenario.ts";
import type { Place, Room, ScreenCall } from "./flow-place.ts";

/** How long the agent works before its first words, and pauses between them and its last. */
const THINKING_MS = 2_000;
const PAUSE_MS = 3_000;
const HEARTBEAT_MS = 5_000;
/** Nothing more comes when nothing came for so long. */
const QUIET_MS = 6_000;
/** The longest that using up a chat's allowance may take. */
const FILLING_MS = 25_000;
/** The platform refuses calls for longer than its short windows last. */
const HELD_BACK_MS = 3_500;
const LOOK_MS = 20;

/** What was measured of a case, times in ms; what is missing did not come in time. */
export interface Row {
  state: "not begun" | "absent" | "begun" | "ended";
  error?: string;
  /** Messages that people need at the least. */
  owed: number;
  left?: number;
  calls: readonly ScreenCall[];
  /** From what people sent to the first message for them; absent where that may be the answer to something else. */
  signMs?: number;
  /** From what people sent to the request of its turn; of several to the last one. */
  openedMs?: number;
  /** From half of an answer, while its turn goes on, to the call that shows it; the longest of several. */
  wordsMs?: number;
  /** From the rest of it and the turn's end, or a finished render, to the call that shows the answer, or the video. */
  endMs?: number;
}

/** A case under way. */
export interface Run {
  place: Place;
  row: Row;
  /** Epoch ms. */
  endsAt: number;
}

/** Something did not come in time. */
export class TimeUp extends Error {}

/** Turns and renders so far. */
let count = 0;

/** A message with clips in each project of a room in one moment, up to the answers. */
export async function converse(
  run: Run,
  room: Room,
  { clips = 1, projects = 1, turnMs = 0, isBusy = false } = {},
): Promise<void> {
  const { place, row, endsAt } = run;
  const { scenario } = place.nemo;
  const sends: (() => unknown)[] = [];
  for (let project = 0; project < projects; project++) {
    const send = await room.prepare(`add the title "Hello ${project}"`, clips, project);
    if (send) sends.push(send);
  }
  if (sends.length < projects) {
    row.state = "absent";
    return;
  }
  row.state = "begun";
  row.owed = projects;
  const from = place.calls().length;
  const opened = () => place.nemo.requests("POST /run_sse");
  const openedBefore = opened().length;
  const names = sends.map(() => `Turn${++count}`);
  for (const name of names) {
    scenario.add({ on: "turn", do: { kind: "steps", steps: turnSteps(name, turnMs) } });
  }
  try {
    if (isBusy) row.owed += await useUp(run, room);
    const saidFrom = place.calls().length;
    const saidAt = Date.now();
    await Promise.all(sends.map((send) => send()));
    const told = await Promise.all(
      names.map(async (name) => {
        await inTime(scenario.held(`${name}words`), endsAt);
        await sleep(THINKING_MS);
        const wordsAt = Date.now();
        scenario.release(`${name}words`);
        await sleep(PAUSE_MS);
        const endAt = Date.now();
        scenario.release(`${name}end`);
        const shownAt = (what: string) => firstCall(run, from, ({ text }) => text.includes(what));
        return {
          wordsMs: (await shownAt(`${name}words`)) - wordsAt,
          endMs: (await shownAt(`${name}end`)) - endAt,
        };
      }),
    );
    row.openedMs =
      Math.max(
        ...opened()
          .slice(openedBefore)
          .map(({ receivedAt }) => receivedAt),
      ) - saidAt;
    if (!isBusy) row.signMs = (await firstCall(run, saidFrom, ({ kind }) => kind === "sent")) - saidAt;
    row.wordsMs = Math.max(...told.map(({ wordsMs }) => wordsMs));
    row.endMs = Math.max(...told.map(({ endMs }) => endMs));
    await settle(run, room);
    row.state = "ended";
  } finally {
    // The next case is not to meet what is left of this one.
    scenario.clear("turn");
    for (const name of names) {
      scenario.release(`${name}words`);
      scenario.release(`${name}end`);
    }
    row.calls = place.calls().slice(from);
    row.left = room.messagesLeft();
  }
}

/** An export of what was made in a room, up to the video; `before` is what was measured there until then. */
export async function exportVideo(
  run: Run,
  room: Room,
  { before, isBusy = false }: { before: Row; isBusy?: boolean },
): Promise<void> {
  const { place, row, endsAt } = run;
  const { scenario } = place.nemo;
  if (before.state !== "ended") throw new Error("there is nothing to export");
  const from = place.calls().length;
  const name = `Render${++count}`;
  row.state = "begun";
  row.owed = before.owed + 1;
  // At work at the first look, done at the second.
  scenario.add(
    { on: "render", do: { kind: "render", progress: [50] } },
    { on: "render-status", do: { kind: "delay", ms: 0 } },
    { on: "render-status", do: { kind: "hold", name } },
  );
  try {
    room.say("export");
    await inTime(scenario.held(name), endsAt);
    if (isBusy) row.owed += await useUp(run, room);
    const finishedFrom = place.calls().length;
    const finishedAt = Date.now();
    scenario.release(name);
    const showsVideo = ({ hasFile, text }: ScreenCall) => hasFile || text.includes("/files/");
    row.endMs = (await firstCall(run, finishedFrom, showsVideo)) - finishedAt;
    await settle(run, room);
    row.state = "ended";
  } finally {
    scenario.clear("render");
    scenario.clear("render-status");
    scenario.release(name);
    row.calls = place.calls().slice(from);
    row.left = room.messagesLeft();
  }
}

/** Has a bot do all of it once: what a process does for the first time is not what is measured. */
export async function warmUp(place: Place, endsAt: number): Promise<void> {
  const room = place.room(1);
  const row: Row = { state: "not begun", owed: 0, calls: [] };
  if (room) await converse({ place, row, endsAt }, room);
}

/** Asks much in the room until the bot has made all calls that the platform allows for now; gives the answers owed. */
async function useUp({ place, endsAt }: Run, room: Room): Promise<number> {
  const from = place.calls().length;
  const { answers, callsUntilFull } = room.askMuch();
  const isFull = () => {
    const calls = place.calls().slice(from);
    const isHeldBack = calls.at(-1)?.isRefused && Date.now() - (calls.at(-1)?.at ?? 0) > HELD_BACK_MS;
    return calls.length >= callsUntilFull || isHeldBack;
  };
  // A bot that holds itself back does not come so far, and its allowance is what it makes of it.
  await until(isFull, Math.min(endsAt, Date.now() + FILLING_MS)).catch(() => {});
  return answers;
}

/** Works for so long, says half of its answer, goes on, edits, says the rest and ends; held before either half. */
function turnSteps(name: string, turnMs: number): TurnStep[] {
  const steps: TurnStep[] = [{ kind: "tool", name: "generate_video" }];
  for (let ms = 0; ms < turnMs; ms += HEARTBEAT_MS) {
    steps.push({ kind: "wait", ms: HEARTBEAT_MS }, { kind: "heartbeat" });
  }
  const words = `${name}words are the first half of an answer. `;
  const end = `${name}end is the other half.`;
  steps.push(
    { kind: "hold", name: `${name}words` },
    { kind: "raw", text: textEvent(words, true) },
    { kind: "hold", name: `${name}end` },
    { kind: "edit", edit: { op: "title", text: "Hello" } },
    { kind: "raw", text: textEvent(end, true) },
    { kind: "raw", text: textEvent(words + end, false) },
  );
  return steps;
}

/** A piece of the model's answer, or all of it at its end. Source: nemo-api.md, "The SSE stream". */
function textEvent(text: string, partial: boolean): string {
  const content = { role: "model", parts: [{ text }] };
  const event = { author: "nemo_agent", content, partial, ...(partial ? {} : { finishReason: "STOP" }) };
  return `data: ${JSON.stringify(event)}\n\n`;
}

/** Epoch ms of the first call from the given one on that came through and fits. */
async function firstCall(
  { place, endsAt }: Pick<Run, "place" | "endsAt">,
  from: number,
  fits: (call: ScreenCall) => boolean,
): Promise<number> {
  const found = () => {
    const calls = place.calls().slice(from);
    return calls.find((call) => call.isDone && fits(call));
  };
  return (await until(found, endsAt)).at;
}

/** Resolves when what is owed is there and the bot has shown nothing new for a while, or the time is up. */
async function settle({ place, row, endsAt }: Run, room: Room): Promise<void> {
  // What is owed may wait for longer than a quiet while; the row tells when it does not come at all.
  await until(() => room.messagesLeft() >= row.owed, endsAt).catch(() => {});
  let [calls, since] = [-1, Date.now()];
  while (Date.now() - since < QUIET_MS && Date.now() < endsAt) {
    const { length } = place.calls().filter(({ kind }) => kind !== "signal");
    if (length !== calls) [calls, since] = [length, Date.now()];
    await sleep(LOOK_MS);
  }
}

async function until<T>(read: () => T | undefined | false, endsAt: number): Promise<T> {
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() >= endsAt) throw new TimeUp();
    await sleep(LOOK_MS);
  }
}

async function inTime(promise: Promise<void>, endsAt: number): Promise<void> {
  let isThere = false;
  promise.then(() => {
    isThere = true;
  });
  await until(() => isThere, endsAt);
}
