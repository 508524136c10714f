/** The terminal chat beside a bot that serves platforms. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, it } from "vitest";
import { PATIENTLY, startTelegramProcessScene } from "../telegram/scene.ts";

const MAIN = join(import.meta.dirname, "../../../src/main.ts");

describe("the terminal chat", () => {
  it("leaves alone what is owed to people on a platform", async () => {
    await using scene = await startTelegramProcessScene();
    const { telegram, nemo, bot } = scene;
    const chat = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    scene.holdTurn("turn");
    chat.say("make a video of the sea");
    await nemo.scenario.held("turn");
    await telegram.allConfirmed(PATIENTLY);
    await bot.stop("SIGKILL");
    const terminal = spawn(process.execPath, [MAIN, "console"], {
      env: { PATH: process.env.PATH ?? "", ...bot.env },
      stdio: ["pipe", "ignore", "ignore"],
    });
    terminal.stdin.end("\n");
    await once(terminal, "close");
    bot.restart();
    await chat.nextBotMessage((message) => message.text.includes("lost contact"), PATIENTLY);
  });
});
