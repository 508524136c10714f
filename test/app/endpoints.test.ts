import { once } from "node:events";
import { connect, createServer, type Server } from "node:net";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import {
  PATIENTLY,
  settingsFor,
  startTelegram,
  startTelegramProcessScene,
  startTelegramScene,
  until,
} from "../adapters/telegram/scene.ts";
import { startBotInProcess } from "../support/bot-in-process.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";
import type { RunningBot } from "../support/running-bot.ts";

const TOKEN = `123456:${"A".repeat(35)}`;
/** No server listens there: a Telegram that cannot be reached. */
const NOWHERE = "http://127.0.0.1:1";
const AWAY = { TELEGRAM_BOT_TOKEN: TOKEN, TELEGRAM_API_ROOT: NOWHERE };

async function get(bot: RunningBot, path: string, method = "GET") {
  const response = await fetch(`${await bot.url()}${path}`, { method });
  return { status: response.status, headers: response.headers, body: await response.text() };
}

/** Waits until `/readyz` says so. */
async function readiness(bot: RunningBot, status: number): Promise<unknown> {
  const asked = async () => {
    const answer = await get(bot, "/readyz");
    return answer.status === status ? answer : null;
  };
  const answer = await vi.waitUntil(asked, { timeout: 20_000, interval: 50 });
  return JSON.parse(answer.body);
}

describe.concurrent("a bot that works", () => {
  it("says that it lives and that it is ready", async () => {
    await using scene = await startTelegramScene();
    const { status, headers, body } = await get(scene.bot, "/healthz");
    expect({ status, body }).toEqual({ status: 200, body: '{"status":"ok"}' });
    expect(headers.get("content-type")).toBe("application/json");
    expect(await readiness(scene.bot, 200)).toEqual({ status: "ready" });
    expect((await get(scene.bot, "/healthz?from=probe")).status).toBe(200);
  });

  it("gives its metrics to Prometheus", async () => {
    await using scene = await startTelegramProcessScene();
    scene.holdTurn("running");
    scene.telegram.privateChat().say("make a video of the sea");
    await scene.nemo.scenario.held("running");
    const { status, headers, body } = await get(scene.bot, "/metrics");
    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
    expect(body).toMatch(/^nemobot_info\{version="\d+\.\d+\.\d+",role="all"\} 1$/m);
    expect(body).toMatch(/^nemobot_queue_depth 1$/m);
    expect(body).toMatch(/^process_resident_memory_bytes \d+$/m);
    expect(body).not.toContain(scene.telegram.token);
    scene.nemo.scenario.release("running");
  });

  it("answers HEAD, and refuses other methods and paths", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    for (const path of ["/healthz", "/readyz", "/metrics"]) {
      await until(() => scene.bot.log.includes("Telegram is connected"));
      expect(await get(scene.bot, path, "HEAD"), path).toMatchObject({ status: 200, body: "" });
      const refused = await get(scene.bot, path, "POST");
      expect(refused.status, path).toBe(405);
      expect(refused.headers.get("allow")).toBe("GET, HEAD");
    }
    const webhook = await get(scene.bot, "/telegram");
    expect(webhook.status).toBe(405);
    expect(webhook.headers.get("allow")).toBe("POST");
    expect((await get(scene.bot, "/")).status).toBe(404);
    expect((await get(scene.bot, "/metrics/more")).status).toBe(404);
    expect((await get(scene.bot, "/constructor")).status).toBe(404);
  });

  it("has no errors to tell of when senders hang up in the middle", async () => {
    await using scene = await startTelegramScene({ webhook: true });
    const { hostname, port } = new URL(await scene.bot.url());
    const secret = "x-telegram-bot-api-secret-token: a-secret-for-tests";
    const head = `POST /telegram HTTP/1.1\r\nhost: bot\r\n${secret}\r\nexpect: 100-continue\r\ncontent-length: 99\r\n\r\n`;
    const hangUp = async () => {
      const socket = connect(Number(port), hostname);
      socket.write(head);
      // The bot has begun to read: it asked for the body.
      await once(socket, "data");
      socket.destroy();
    };
    await Promise.all(Array.from({ length: 20 }, hangUp));
    const chat = scene.telegram.privateChat();
    chat.say("help");
    await chat.nextBotMessage((message) => message.text.includes("Commands"), PATIENTLY);
    expect(await scene.bot.stop()).toBe(0);
    expect(scene.bot.logged(40)).toEqual([]);
  });
});

describe.concurrent("a bot that cannot work", () => {
  it("lives, and says that it waits for Telegram", async () => {
    await using bot = await startBotInProcess(AWAY);
    await until(() => bot.log.includes("Telegram does not answer"));
    const { status, body } = await get(bot, "/readyz");
    expect({ status, body }).toEqual({
      status: 503,
      body: '{"status":"not ready","waitingFor":["telegram"]}',
    });
    expect((await get(bot, "/healthz")).status).toBe(200);
    expect((await get(bot, "/metrics")).status).toBe(200);
  });
});

describe.concurrent("the log of a bot whose Telegram", () => {
  it("cannot be reached has one line a minute, with the cause and without a stack", async () => {
    let tries = 0;
    const server = createServer((socket) => {
      tries += 1;
      socket.destroy();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" && address ? address.port : 0;
    try {
      await using bot = await startBotInProcess({ ...AWAY, TELEGRAM_API_ROOT: `http://127.0.0.1:${port}` });
      await until(() => tries >= 3);
      const lines = bot.logged(40).map((line) => JSON.parse(line));
      expect(lines).toEqual([
        expect.objectContaining({
          msg: "Telegram does not answer; trying again",
          cause: expect.stringMatching(/socket|ECONNRESET|closed/i),
        }),
      ]);
      expect(bot.log).not.toMatch(/"stack"|\\n\s+at /);
      expect(bot.log).not.toContain(TOKEN);
    } finally {
      server.close();
    }
  });

  it("is connected has the link to the bot", async () => {
    await using scene = await startTelegramScene();
    await until(() => scene.bot.log.includes("Telegram is connected"));
    const connected = scene.bot.log.split("\n").find((line) => line.includes("Telegram is connected")) ?? "";
    expect(JSON.parse(connected).chat).toBe(`https://t.me/${scene.telegram.bot.username}`);
  });
});

describe.runIf(HAS_REDIS)("a bot whose Redis is away", () => {
  it.for(["gone", "frozen"] as const)("lives, and says that it waits for the store (%s)", async (how) => {
    const redis = await startRedis();
    await using scene = await startTelegramScene({ env: { REDIS_URL: redis.url } });
    await readiness(scene.bot, 200);
    if (how === "gone") await redis.stop();
    else redis.freeze();
    const answer = await readiness(scene.bot, 503);
    expect(answer).toEqual({ status: "not ready", waitingFor: ["store"] });
    expect((await get(scene.bot, "/healthz")).status).toBe(200);
    expect((await get(scene.bot, "/metrics")).status).toBe(200);
    if (how === "gone") await redis.start();
    else redis.thaw();
    await readiness(scene.bot, 200);
  });
});

describe.runIf(HAS_REDIS)("a bot that is started while its Redis is away", () => {
  it.for(["gone", "frozen"] as const)("waits for it, and says so (%s)", async (how) => {
    const redis = await startRedis();
    if (how === "gone") await redis.stop();
    else redis.freeze();
    const telegram = await startTelegram();
    const nemo = await startSandbox();
    onTestFinished(async () => {
      await telegram.stop();
      await nemo.stop();
    });
    await using bot = await startBotInProcess(settingsFor(telegram, nemo, { REDIS_URL: redis.url }));
    const answer = await readiness(bot, 503);
    expect(answer).toEqual({ status: "not ready", waitingFor: ["store", "telegram"] });
    expect((await get(bot, "/healthz")).status).toBe(200);
    const told = () => bot.logged(40).map((line) => JSON.parse(line));
    await until(() => told().length > 0);
    if (how === "gone") await redis.start();
    else redis.thaw();
    expect(await readiness(bot, 200)).toEqual({ status: "ready" });
    // Within a minute there is one line, with the cause and without a stack.
    expect(told()).toEqual([
      expect.objectContaining({
        msg: "Redis does not answer; waiting for it",
        cause: expect.stringMatching(how === "gone" ? /ECONNREFUSED/ : /no answer in time/),
      }),
    ]);
    expect(bot.log).not.toMatch(/"stack"|\\n\s+at /);
    expect(bot.log).toContain("Redis can be reached");
  });

  it("ends at once when it is told to", async () => {
    await using bot = await startBotInProcess({ ...AWAY, REDIS_URL: "redis://127.0.0.1:1" });
    await until(() => bot.log.includes("Redis does not answer; waiting for it"));
    const startedAt = performance.now();
    expect(await bot.stop()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    expect(bot.logged(50)).toEqual([]);
  });
});

describe("a port that is taken", () => {
  /** Takes a port of loopback; another program may hold it already, which is as good. */
  async function take(port: number): Promise<{ port: number } & AsyncDisposable> {
    const server: Server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        "code" in error && error.code === "EADDRINUSE" ? resolve() : reject(error),
      );
      server.listen(port, "127.0.0.1", resolve);
    });
    const address = server.address();
    return {
      port: typeof address === "object" && address ? address.port : port,
      [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
    };
  }

  it("stops the bot when the operator chose it", async () => {
    await using taken = await take(0);
    await using bot = await startBotProcess({ ...AWAY, HTTP_PORT: String(taken.port) });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain(`HTTP_PORT: port ${taken.port} is taken`);
    expect(bot.log).not.toMatch(/\n\s+at /);
  });

  it("does not stop a bot whose operator chose none", async () => {
    await using _taken = await take(8080);
    await using bot = await startBotInProcess({ ...AWAY, HTTP_PORT: "" });
    await until(() => bot.log.includes("Telegram does not answer"));
    const [warning] = bot.logged(40).map((line) => JSON.parse(line).msg);
    expect(warning).toBe("HTTP_PORT: port 8080 is taken; health and metrics are off");
    expect(await bot.stop()).toBe(0);
  });

  it("stops a bot whose webhook needs it", async () => {
    await using _taken = await take(8080);
    await using bot = await startBotProcess({
      ...AWAY,
      HTTP_PORT: "",
      TELEGRAM_WEBHOOK_URL: "https://bot.example/telegram",
      TELEGRAM_WEBHOOK_SECRET: "a-secret-for-tests",
    });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain("HTTP_PORT: port 8080 is taken, and the webhook needs it");
  });

  it("is not confused with an address that the machine does not have", async () => {
    await using bot = await startBotProcess({ ...AWAY, HTTP_PORT: "", HTTP_HOST: "192.0.2.1" });
    expect(await bot.ended()).toBe(1);
    expect(bot.log).toContain("HTTP_HOST, HTTP_PORT: ");
  });
});
