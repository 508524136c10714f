/** A store in trouble: people are told, nothing is lost, and the bot recovers by itself. */
import { execFileSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { ChatPlayer, SeenMessage } from "../../fakes/telegram/players.ts";
import { PATIENTLY, startTelegramProcessScene } from "./scene.ts";

const says = (text: string) => (message: SeenMessage) => message.text.includes(text);

/** What files of the process may grow to: as if the disk were full, or had room again. */
function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

describe.runIf(process.platform === "linux")("a disk that is full", () => {
  it("is told to the person and to the operator, and the message is done when there is room", async () => {
    await using scene = await startTelegramProcessScene();
    const { telegram, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    chat.say("/start");
    await chat.nextBotMessage(says("ready"), PATIENTLY);
    limitFiles(bot.pid, 4096);
    chat.say("generate a video of the sea");
    chat.say("/help");
    await chat.nextBotMessage(says("No need to resend"), PATIENTLY);
    await chat.nextBotMessage(says("/credits"), PATIENTLY);
    expect(bot.log).toMatch(/the disk (is full|cannot be read or written)/);
    expect(telegram.pendingUpdateIds()).toHaveLength(2);
    limitFiles(bot.pid, "unlimited");
    await telegram.allConfirmed(PATIENTLY);
    await chat.nextBotMessage(says("sea"), PATIENTLY);
    chat.say("status");
    await chat.nextBotMessage(says("track"), PATIENTLY);
    expect(scene.turns()).toEqual(["generate a video of the sea"]);
    expect(chat.botMessages().filter(says("No need to resend"))).toHaveLength(1);
    expect(chat.botMessages().filter(says("/credits"))).toHaveLength(1);
  });

  it("is told to everybody, also while Telegram holds back the answer of one", async () => {
    await using scene = await startTelegramProcessScene();
    const { telegram, bot } = scene;
    const [anna, ben] = ["Anna", "Ben"].map((name) =>
      telegram.privateChat({ first_name: name, language_code: "en" }),
    ) as [ChatPlayer, ChatPlayer];
    anna.say("/start");
    await anna.nextBotMessage(says("ready"), PATIENTLY);
    limitFiles(bot.pid, 4096);
    const letThrough = telegram.holdAnswers("sendMessage");
    anna.say("generate a video of the sea");
    await anna.nextBotMessage(says("No need to resend"), PATIENTLY);
    anna.say("/help");
    await telegram.waitFor(() =>
      JSON.stringify(telegram.calls("getUpdates").at(-1)?.result ?? "").includes("/help"),
    );
    ben.say("/help");
    await ben.nextBotMessage(says("/credits"), { timeoutMs: 5_000 });
    letThrough();
    await anna.nextBotMessage(says("/credits"), PATIENTLY);
    limitFiles(bot.pid, "unlimited");
    await telegram.allConfirmed(PATIENTLY);
  });

  it("is told by the health check, even where the store's own file has room left", async () => {
    await using scene = await startTelegramProcessScene();
    const { bot } = scene;
    const chat = scene.telegram.privateChat({ first_name: "Anna", language_code: "en" });
    chat.say("/start");
    await chat.nextBotMessage(says("ready"), PATIENTLY);
    const url = await bot.url();
    const readiness = async () => {
      const response = await fetch(`${url}/readyz`);
      return { status: response.status, body: await response.json() };
    };
    const ready = { status: 200, body: { status: "ready" } };
    await expect.poll(readiness, { timeout: 20_000 }).toEqual(ready);
    // The next writes go to the start of SQLite's log, over what is there: for a while nothing has to grow.
    const database = new DatabaseSync(join(bot.dataDir, "nemobot.sqlite"));
    database.exec("PRAGMA wal_checkpoint(RESTART)");
    database.close();
    limitFiles(bot.pid, 32_768);
    const waiting = { status: 503, body: { status: "not ready", waitingFor: ["store"] } };
    await expect.poll(readiness, { timeout: 20_000 }).toEqual(waiting);
    limitFiles(bot.pid, "unlimited");
    await expect.poll(readiness, { timeout: 20_000 }).toEqual(ready);
    expect(await readdir(bot.dataDir)).not.toContain("nemobot.check");
  });
});
