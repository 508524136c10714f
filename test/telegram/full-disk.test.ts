/** A store in trouble: people are told, nothing is lost, and the bot recovers by itself. */
import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import type { SeenMessage } from "../fakes/telegram/players.ts";
import { PATIENTLY, startTelegramScene } from "./scene.ts";

const says = (text: string) => (message: SeenMessage) => message.text.includes(text);

/** What files of the process may grow to: as if the disk were full, or had room again. */
function limitFiles(pid: number, bytes: number | "unlimited"): void {
  execFileSync("prlimit", ["--pid", String(pid), `--fsize=${bytes}:`]);
}

describe.runIf(process.platform === "linux")("a disk that is full", () => {
  it("is told to the person and to the operator, and the message is done when there is room", async () => {
    await using scene = await startTelegramScene();
    const { telegram, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    chat.say("/start");
    await chat.nextBotMessage(says("ready"), PATIENTLY);
    limitFiles(bot.pid, 4096);
    chat.say("generate a video of the sea");
    chat.say("/help");
    await chat.nextBotMessage(says("Your message is not lost"), PATIENTLY);
    await chat.nextBotMessage(says("/credits"), PATIENTLY);
    expect(bot.log).toMatch(/the disk (is full|cannot be read or written)/);
    expect(telegram.pendingUpdateIds()).toHaveLength(2);
    limitFiles(bot.pid, "unlimited");
    await telegram.allConfirmed(PATIENTLY);
    await chat.nextBotMessage(says("sea"), PATIENTLY);
    chat.say("status");
    await chat.nextBotMessage(says("track"), PATIENTLY);
    expect(scene.turns()).toEqual(["generate a video of the sea"]);
    expect(chat.botMessages().filter(says("Your message is not lost"))).toHaveLength(1);
    expect(chat.botMessages().filter(says("/credits"))).toHaveLength(1);
  });
});
