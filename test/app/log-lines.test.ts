import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createClient } from "@redis/client";
import { describe, expect, it } from "vitest";
import { loadConfig } from "../../src/app/config.ts";
import { secretsOf, withTurn } from "../../src/app/log.ts";
import { startTelegramProcessScene, until } from "../adapters/telegram/scene.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, startRedis } from "../support/redis.ts";
import { runScript } from "./script.ts";

// Put together at run time, so that no scanner takes a test for a leak.
const PASSWORD = "pass".concat("word-", "Q".repeat(20));
const TOKEN = `123456:${"A".repeat(35)}`;

describe.concurrent("the lines of a turn", () => {
  it("carry its id, however deep they come from and however many turns run side by side", async () => {
    const { lines } = await runScript(`
      import { createLog, withTurn } from "src/app/log.ts";
      import { createKeyedQueue } from "src/lib/keyed-queue.ts";
      const log = await createLog({ level: "info", secrets: [] });
      const inOrder = createKeyedQueue();
      const turn = (id) => withTurn(id, async () => {
        log.info({ of: id }, "began");
        await new Promise((resolve) => setImmediate(resolve));
        await inOrder("chat", async () => log.info({ of: id }, "sent"));
        await withTurn(id + "-inner", async () => log.info({ of: id + "-inner" }, "within"));
        setTimeout(() => log.info({ of: id }, "later"), 1);
        return id;
      });
      const results = await Promise.all([turn("a"), turn("b"), turn("c")]);
      log.info({ results }, "no turn");
    `);
    const [outside, inside] = [
      lines.filter(({ of }) => of === undefined),
      lines.filter(({ of }) => of !== undefined),
    ];
    expect(inside).toHaveLength(12);
    for (const line of inside) expect(line.turn).toBe(line.of);
    expect(outside).toMatchObject([{ results: ["a", "b", "c"], msg: "no turn" }]);
    expect(outside[0]).not.toHaveProperty("turn");
  });

  it("carry it in the backend's client as well", async () => {
    const backend = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end("data: {no frame\n\n");
    });
    await new Promise<void>((resolve) => backend.listen(0, "127.0.0.1", resolve));
    // A TCP server's address is never a path.
    const { port } = backend.address() as AddressInfo;
    const { lines } = await runScript(
      `
      import { createLog, withTurn } from "src/app/log.ts";
      import { NemoClient } from "src/nemo/client.ts";
      import { systemClock } from "src/app/system-clock.ts";
      const log = await createLog({ level: "debug", secrets: [] });
      const url = process.env.URL;
      const client = new NemoClient({ apiUrl: url, webUrl: url, retryWaitMs: 1, log, clock: systemClock });
      const account = { owner: "operator", clientId: "c", token: "t-0-k-e-n", userId: null, expiresAt: null };
      const skill = { name: "s", version: "1", platform: "p" };
      const caller = { account, skill, reloadAccount: async () => {}, saveAccount: async () => {} };
      await Promise.all(["a", "b"].map((turn) => withTurn(turn, async () => {
        const signal = AbortSignal.timeout(5000);
        for await (const _event of client.runTurn(caller, { sessionId: turn, text: "hi" }, signal));
      })));
      await client.close();
    `,
      { URL: `http://127.0.0.1:${port}` },
    );
    backend.closeAllConnections();
    await new Promise((resolve) => backend.close(resolve));
    expect(lines.map(({ turn, msg }) => `${turn}: ${msg}`).sort()).toEqual([
      "a: skipped frames of a turn",
      "b: skipped frames of a turn",
    ]);
  });
});

describe("a task that is run as a turn", () => {
  it("gives what it gives, and fails as it fails", async () => {
    expect(await withTurn("a", async () => 1)).toBe(1);
    const failing = withTurn("a", () => Promise.reject(new Error("no")));
    await expect(failing).rejects.toThrow("no");
  });
});

describe.concurrent("an uncaught error", () => {
  it.each([
    { what: "thrown", failing: "setImmediate(() => { throw error; });" },
    { what: "rejected", failing: "void Promise.reject(error);" },
  ])(
    "is one line without secrets when it is $what, is counted, and the process goes on",
    async ({ failing }) => {
      const { exitCode, lines, output } = await runScript(
        `
      import { createLog, outliveUncaught } from "src/app/log.ts";
      const secret = process.env.SECRET;
      let count = 0;
      outliveUncaught(await createLog({ level: "info", secrets: [secret] }), () => (count += 1));
      const error = new Error("redis://bot:" + secret + "@db:6379 fell over", { cause: new Error(secret) });
      ${failing}
      setTimeout(() => console.log("went on after " + count), 50);
    `,
        { SECRET: PASSWORD },
      );
      expect(exitCode).toBe(0);
      expect(lines).toMatchObject([
        { level: 50, err: { message: "redis://[hidden]@db:6379 fell over", cause: { message: "[hidden]" } } },
      ]);
      expect(output).toContain("went on after 1");
    },
  );
});

describe("the secrets of the settings", () => {
  it("are all known to the log, the password of Redis in both its forms", () => {
    const config = loadConfig({
      NEMO_TOKEN: "nemo-token",
      TELEGRAM_BOT_TOKEN: TOKEN,
      TELEGRAM_WEBHOOK_URL: "https://bot.example/t",
      TELEGRAM_WEBHOOK_SECRET: "webhook-secret",
      DISCORD_BOT_TOKEN: "discord-token",
      REDIS_URL: "redis://bot:p%40ss%2Fword@db:6379",
      ENCRYPTION_KEY: "0f".repeat(32),
    });
    expect(secretsOf(config)).toEqual(
      expect.arrayContaining([
        "nemo-token",
        TOKEN,
        "webhook-secret",
        "discord-token",
        "redis://bot:p%40ss%2Fword@db:6379",
        "p%40ss%2Fword",
        "p@ss/word",
        "0f".repeat(32),
      ]),
    );
  });
});

describe.concurrent("the password of Redis", () => {
  it("is in no line when Redis cannot be reached at the start", async () => {
    await using bot = await startBotProcess({
      TELEGRAM_BOT_TOKEN: TOKEN,
      REDIS_URL: `redis://bot:${PASSWORD}@127.0.0.1:1`,
    });
    await until(() => bot.log.includes("Redis does not answer; waiting for it"));
    expect(await bot.stop()).toBe(0);
    expect(bot.log).not.toContain(PASSWORD);
  });
});

describe.runIf(HAS_REDIS)("the password of a Redis in trouble", () => {
  it("is in no line, whether it is wrong or Redis goes away", async () => {
    const redis = await startRedis();
    const client = createClient({ url: redis.url });
    await client.connect();
    await client.sendCommand(["CONFIG", "SET", "requirepass", PASSWORD]);
    client.destroy();
    const urlWith = (password: string) => redis.url.replace("//", `//default:${password}@`);
    await using refused = await startBotProcess({
      TELEGRAM_BOT_TOKEN: TOKEN,
      REDIS_URL: urlWith(`wrong-${PASSWORD}`),
    });
    expect(await refused.ended()).toBe(1);
    await using scene = await startTelegramProcessScene({ env: { REDIS_URL: urlWith(PASSWORD) } });
    await redis.stop();
    await until(() => scene.bot.log.includes("Redis cannot be reached"));
    expect(await scene.bot.stop()).toBe(0);
    expect(refused.log + scene.bot.log).not.toContain(PASSWORD);
  });
});
