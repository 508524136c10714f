/**
 * What people see of the bot and what they wait for: messages left and calls made, from what they send to the request
 * of its turn, and from what the backend says to the call that shows it. Each bot is a process with its default
 * settings, between a fake platform that keeps its limits and a backend; these alone are asked.
 * `node bench/flow.ts`
 */

import { printTable } from "./support/figures.ts";
import { measureBare } from "./support/flow-bare.ts";
import { converse, exportVideo, type Row, type Run, TimeUp, warmUp } from "./support/flow-cases.ts";
import { startDiscordPlace } from "./support/flow-discord.ts";
import type { Place, Room, ScreenCall } from "./support/flow-place.ts";
import { startTelegramPlace } from "./support/flow-telegram.ts";

/** All together; what has not begun by then is left out. */
const TOTAL_MS = 280_000;
/** Longer than any wait of a person that is worth a figure. */
const CASE_MS = 110_000;
const ALBUM = 10;
const PROJECTS = 4;
const LONG_TURN_MS = 75_000;

const CASES = {
  clip: "first clip with caption",
  export: "... and its export",
  album: `album of ${ALBUM}`,
  projects: `${PROJECTS} topics or threads at once`,
  busy: "clip, allowance used up",
  busyExport: "... its export, used up again",
  long: `turn of ${LONG_TURN_MS / 1_000} s`,
};
type Case = keyof typeof CASES;

/** A bot of its own, and what people do with it one after another. The lanes run beside each other. */
const LANES: readonly { name: string; start: () => Promise<Place>; cases: readonly Case[] }[] = [
  {
    name: "Telegram private",
    start: () => startTelegramPlace("private"),
    cases: ["clip", "export", "album", "projects", "long"],
  },
  {
    name: "Telegram group",
    start: () => startTelegramPlace("group"),
    cases: ["clip", "export", "album", "long"],
  },
  { name: "Telegram group", start: () => startTelegramPlace("group"), cases: ["busy", "busyExport"] },
  {
    name: "Telegram forum",
    start: () => startTelegramPlace("forum"),
    cases: ["clip", "export", "album", "projects"],
  },
  { name: "Telegram forum", start: () => startTelegramPlace("forum"), cases: ["busy", "busyExport"] },
  {
    name: "Discord mention",
    start: () => startDiscordPlace("mention"),
    cases: ["clip", "export", "album", "projects", "busy"],
  },
  {
    name: "Discord /edit",
    start: () => startDiscordPlace("/edit"),
    cases: ["clip", "export", "album", "projects"],
  },
  { name: "Discord DM", start: () => startDiscordPlace("DM"), cases: ["clip", "export", "album", "busy"] },
];

const endsAt = Date.now() + TOTAL_MS;
const measured: { what: Case; place: string; row: Row }[] = [];
const bare = await measureBare([1, ALBUM]);
const bots = await Promise.allSettled(
  LANES.map(async ({ start, cases, name }) => {
    const rows = cases.map((what) => {
      const row: Row = { state: "not begun", owed: 0, calls: [] };
      measured.push({ what, place: name, row });
      return { what, row };
    });
    let place: Place | null = null;
    try {
      place = await start();
      await warmUp(place, Math.min(endsAt, Date.now() + CASE_MS));
      return { place, rows };
    } catch (error) {
      await place?.stop();
      const why = error instanceof TimeUp ? "it did not answer in time" : String(error);
      for (const { row } of rows) row.error = `the bot did not start: ${why}`;
      throw error;
    }
  }),
);
await Promise.all(
  bots.map(async (bot) => {
    if (bot.status === "rejected") return;
    const { place, rows } = bot.value;
    let room: Room | null = null;
    let before: Row | null = null;
    for (const { what, row } of rows) {
      const run = { place, row, endsAt: Math.min(endsAt, Date.now() + CASE_MS) };
      // An export is of what was made just before.
      if (!isExport(what)) room = place.room(what === "projects" ? PROJECTS : 1);
      await attempt(what, run, room, before ?? row);
      before = row;
    }
    await place.stop();
  }),
);

function isExport(what: Case): boolean {
  return what === "export" || what === "busyExport";
}

/** One case; what goes wrong in it is told in its row. */
async function attempt(what: Case, run: Run, room: Room | null, before: Row): Promise<void> {
  const { row } = run;
  if (!room) row.state = "absent";
  if (!room || Date.now() >= run.endsAt) return;
  try {
    if (isExport(what)) await exportVideo(run, room, { before, isBusy: what === "busyExport" });
    else if (what === "album") await converse(run, room, { clips: ALBUM });
    else if (what === "projects") await converse(run, room, { projects: PROJECTS });
    else if (what === "busy") await converse(run, room, { isBusy: true });
    else if (what === "long") await converse(run, room, { turnMs: LONG_TURN_MS });
    else await converse(run, room);
  } catch (error) {
    row.error = error instanceof TimeUp ? `not within ${CASE_MS / 1_000} s` : String(error);
  }
}

function cells({ what, place, row }: (typeof measured)[number]): string[] {
  const names = [CASES[what], place];
  if (row.state === "absent") return [...names, "-"];
  if (row.state === "not begun") return [...names, row.error ?? "no time left"];
  const count = (fits: (call: ScreenCall) => boolean) => row.calls.filter(fits).length;
  const [bareMs = 0, bareAlbumMs = 0] = bare.openMs;
  const missing = row.state === "ended" ? "" : "?";
  return [
    ...names,
    `${row.left ?? missing} of ${row.owed}`,
    (["sent", "edited", "removed", "signal"] as const)
      .map((kind) => count((call) => call.kind === kind))
      .join(" + "),
    String(count(({ isRefused }) => isRefused)),
    ms(row.signMs, missing),
    ms(row.openedMs, missing),
    isExport(what) ? "" : ms(what === "album" ? bareAlbumMs : bareMs, ""),
    ms(row.wordsMs, missing),
    ms(row.endMs, missing),
    row.error ?? "",
  ];
}

function ms(value: number | undefined, missing: string): string {
  return value === undefined ? missing : `${Math.round(value).toLocaleString("en")} ms`;
}

const order = Object.keys(CASES);
measured.sort((a, b) => order.indexOf(a.what) - order.indexOf(b.what));
printTable(`What people see and wait for; a bare round trip takes ${bare.tripMs.toFixed(1)} ms`, [
  [
    "",
    "",
    "left of owed",
    "sent + edited + removed + signals",
    "429",
    "first message",
    "to /run_sse",
    "bare",
    "words shown",
    "end shown",
  ],
  ...measured.map(cells),
]);
