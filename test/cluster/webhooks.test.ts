/**
 * Two ingress processes behind a proxy: an update may land on either, parts of one album on both, and one of the
 * two may die. Source: DESIGN.md, rules 1 and 3.
 */
import { once } from "node:events";
import { createServer, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { PATIENTLY, settingsFor, startTelegram } from "../adapters/telegram/scene.ts";
import { startBotProcess } from "../support/bot-process.ts";
import { HAS_REDIS, launchRedis } from "../support/redis.ts";
import { clipBytes } from "../support/test-chat.ts";
import { answersTo } from "./scene.ts";

/** Hands each request to the next of `targets`; one that is gone answers 502, and Telegram asks again. */
async function startProxy(targets: string[]): Promise<{ server: Server; url: string }> {
  let turn = 0;
  const server = createServer((incoming, outgoing) => {
    const target = targets[turn++ % targets.length] ?? "";
    const passed = request(
      `${target}${incoming.url}`,
      { method: "POST", headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502);
        answer.pipe(outgoing);
      },
    );
    passed.on("error", () => outgoing.writeHead(502).end());
    incoming.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  // A TCP server's address is never a path.
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe.runIf(HAS_REDIS)("two ingress processes that share a webhook", () => {
  it("own every update once, whichever it lands on, also when one of them is killed", async () => {
    await using resources = new AsyncDisposableStack();
    const telegram = resources.adopt(await startTelegram(), (one) => one.stop());
    const nemo = resources.adopt(await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null }), (one) =>
      one.stop(),
    );
    const redis = resources.use(await launchRedis());
    const targets: string[] = [];
    const proxy = resources.adopt(await startProxy(targets), ({ server }) => {
      server.close();
      server.closeAllConnections();
    });
    const settings = {
      ...settingsFor(telegram, nemo),
      REDIS_URL: redis.url,
      ENCRYPTION_KEY: "5".repeat(64),
      TELEGRAM_WEBHOOK_URL: `${proxy.url}/telegram`,
      TELEGRAM_WEBHOOK_SECRET: "a-secret-for-tests",
    };
    const ingress = [
      resources.use(await startBotProcess({ ...settings, ROLE: "ingress" })),
      resources.use(await startBotProcess({ ...settings, ROLE: "ingress" })),
    ];
    resources.use(await startBotProcess({ ...settings, ROLE: "worker" }));
    for (const process of ingress) targets.push(await process.url());
    await telegram.waitFor(() => telegram.calls("setWebhook").length === 2, PATIENTLY);

    const anna = telegram.privateChat({ first_name: "Anna", language_code: "en" });
    const bytes = await clipBytes();
    anna.sendAlbum(["one.mp4", "two.mp4"].map((name) => ({ kind: "video", bytes, name })));
    await anna.nextBotMessage((message) => message.text.includes("What should I do"), PATIENTLY);

    const group = telegram.group({ title: "Creators" });
    const ask = (number: number) =>
      group.say(`@${telegram.bot.username} generate a video of the sea number ${number}`);
    const before = [ask(1), ask(2), ask(3), ask(4)];
    await telegram.waitFor(() => telegram.webhookAttempts().length >= 4, PATIENTLY);
    await ingress[0]?.stop("SIGKILL");
    const questions = [...before, ask(5), ask(6)];
    await telegram.waitFor(() => questions.every(({ id }) => answersTo(group, id).length > 0), {
      timeoutMs: 60_000,
    });
    expect(questions.map(({ id }) => answersTo(group, id).length)).toEqual(questions.map(() => 1));
    const uploads = nemo.requests("POST /api/upload-video/").flatMap((one) => one.files ?? []);
    expect(uploads.map((file) => file.name)).toEqual(["one.mp4", "two.mp4"]);
    expect(anna.botMessages().filter(({ text }) => text.includes("What should I do"))).toHaveLength(1);
    const turns = nemo.requests("POST /run_sse").map(({ json }) => JSON.stringify(json));
    expect(turns).toHaveLength(questions.length);
  }, 120_000);
});
