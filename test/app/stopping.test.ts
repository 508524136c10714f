import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PATIENTLY, startTelegramProcessScene, until } from "../adapters/telegram/scene.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { runScript } from "./script.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");
const AWAY = { TELEGRAM_BOT_TOKEN: `123456:${"A".repeat(35)}`, TELEGRAM_API_ROOT: "http://127.0.0.1:1" };

async function timed<T>(task: Promise<T>): Promise<{ result: T; ms: number }> {
  const startedAt = performance.now();
  return { result: await task, ms: performance.now() - startedAt };
}

describe.concurrent("a stop in the middle of a turn", () => {
  it("ends with 0 within ten seconds and leaves the turn to the next start", async () => {
    await using scene = await startTelegramProcessScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("running");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    const { result, ms } = await timed(scene.bot.stop());
    expect(result).toBe(0);
    expect(ms).toBeLessThan(10_000);
    expect(scene.bot.logged(50)).toEqual([]);
    scene.bot.restart();
    await chat.nextBotMessage((message) => /project|changed|nothing/i.test(message.text), PATIENTLY);
    expect(scene.turns()).toHaveLength(1);
  });

  it("lets a turn finish that needs only a moment more", async () => {
    await using scene = await startTelegramProcessScene();
    const chat = scene.telegram.privateChat();
    scene.holdTurn("running", "It was only a moment.");
    chat.say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    const exited = scene.bot.stop();
    await until(() => scene.bot.log.includes('"msg":"stopping"'));
    scene.nemo.scenario.release("running");
    await chat.nextBotMessage((message) => message.text.includes("It was only a moment."), PATIENTLY);
    expect(await exited).toBe(0);
  });

  it("takes in nothing more, and says so when it is asked", async () => {
    await using scene = await startTelegramProcessScene({ webhook: true });
    const { bot } = scene;
    scene.holdTurn("running");
    scene.telegram.privateChat().say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    const exited = bot.stop();
    await until(() => bot.log.includes('"msg":"stopping"'));
    const ready = await fetch(`${await bot.url()}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toEqual({ status: "stopping", waitingFor: [] });
    expect((await fetch(`${await bot.url()}/healthz`)).status).toBe(200);
    const secret = bot.env.TELEGRAM_WEBHOOK_SECRET ?? "";
    const update = await fetch(bot.env.TELEGRAM_WEBHOOK_URL ?? "", {
      method: "POST",
      headers: { "x-telegram-bot-api-secret-token": secret },
      body: JSON.stringify({ update_id: 999_999 }),
    });
    expect(update.status).toBe(503);
    expect(await exited).toBe(0);
  });
});

describe.concurrent("a second signal", () => {
  it.for([
    { signal: "SIGINT", code: 130 },
    { signal: "SIGTERM", code: 143 },
  ] as const)("ends the process at once with $code when it is $signal", async ({ signal, code }) => {
    await using scene = await startTelegramProcessScene();
    scene.holdTurn("running");
    scene.telegram.privateChat().say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    scene.bot.signal("SIGTERM");
    await until(() => scene.bot.log.includes('"msg":"stopping"'));
    const { result, ms } = await timed(scene.bot.stop(signal));
    expect(result).toBe(code);
    // The grace alone would take four seconds.
    expect(ms).toBeLessThan(3_500);
  });
});

describe.concurrent("a stop while it starts", () => {
  it("ends with 0 while Telegram takes connections and never answers", async () => {
    const silent = createServer(() => {});
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    // A TCP server's address is never a path.
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, "connection");
    await using bot = await startBotProcess({ ...AWAY, TELEGRAM_API_ROOT: `http://127.0.0.1:${port}` });
    await connected;
    const { result, ms } = await timed(bot.stop());
    expect(result).toBe(0);
    expect(ms).toBeLessThan(10_000);
    expect(bot.logged(50)).toEqual([]);
    silent.close();
  });

  it("ends with 0 as soon as it listens", async () => {
    await using bot = await startBotProcess(AWAY);
    await bot.url();
    expect(await bot.stop("SIGINT")).toBe(0);
  });
});

describe.concurrent("a stop that something holds up", () => {
  it("ends all the same, with 0, and names what did not end", async () => {
    const { exitCode, lines } = await runScript(`
      import { createLog } from "src/app/log.ts";
      import { Deadline } from "src/app/shutdown-deadline.ts";
      const deadline = new Deadline(await createLog({ level: "info", secrets: [] }));
      deadline.start(50, 0);
      deadline.start(1, 1);
      await deadline.ended("store", Promise.reject(new Error("no")));
      await deadline.ended("work", new Promise(() => {}));
    `);
    expect(exitCode).toBe(0);
    expect(lines).toMatchObject([
      { level: 40, what: "store", err: { message: "no" } },
      { level: 50, waitedFor: ["work"] },
    ]);
  });

  it("is not held by a connection that hangs once everything has ended", async () => {
    const { exitCode, lines } = await runScript(`
      import { createLog } from "src/app/log.ts";
      import { Deadline } from "src/app/shutdown-deadline.ts";
      const deadline = new Deadline(await createLog({ level: "info", secrets: [] }));
      deadline.start(60_000, 1);
      setInterval(() => {}, 60_000);
      deadline.met();
    `);
    expect(exitCode).toBe(0);
    expect(lines).toEqual([]);
  });
});

describe.concurrent("a bot that npm started", () => {
  it("stops when npm's shell ends, which a SIGTERM to npm ends alone", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "nemobot-npm-"));
    const env = { ...AWAY, HTTP_PORT: "0", DATA_DIR: dataDir, npm_lifecycle_event: "start" };
    const command = `"${process.execPath}" "${MAIN}"; true`;
    const shell = spawn("sh", ["-c", command], { env, stdio: ["ignore", "pipe", "pipe"] });
    let log = "";
    shell.stderr.on("data", (chunk: Buffer) => {
      log += chunk.toString();
    });
    await until(() => log.includes('"msg":"listening"'));
    shell.kill("SIGTERM");
    // Its output closes when the bot, which holds it, has ended too.
    await once(shell, "close");
    await rm(dataDir, { recursive: true });
    expect(log).toContain('"msg":"stopping"');
  });

  it.for([
    { how: "one signal under npm, which hands it on a second time", isUnderNpm: true, code: 0 },
    { how: "two signals elsewhere", isUnderNpm: false, code: 130 },
  ])("takes two SIGINT in one moment for $how", async ({ isUnderNpm, code }) => {
    const { exitCode } = await runScript(`
      import { listenForStop } from "src/app/stop-signals.ts";
      const { stopped } = listenForStop(${isUnderNpm});
      process.emit("SIGINT", "SIGINT");
      process.emit("SIGINT", "SIGINT");
      await stopped;
    `);
    expect(exitCode).toBe(code);
  });
});

describe.concurrent("a signal that came before the terminal chat took over", () => {
  it("ends the process as it always did", async () => {
    const { exitCode } = await runScript(`
      import { listenForStop } from "src/app/stop-signals.ts";
      const signals = listenForStop(false);
      process.emit("SIGTERM", "SIGTERM");
      signals.release();
    `);
    expect(exitCode).toBe(143);
  });
});
