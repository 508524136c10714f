/** What the process around the adapter can ask of it: roles, health, counts, and an end in time. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { startHttpServer } from "../../../src/adapters/shared/http-server.ts";
import { NO_METRICS } from "../../../src/app/no-metrics.ts";
import { StopError } from "../../../src/core/model/stop.ts";
import { StartError } from "../../../src/lib/start-error.ts";
import { TestLog } from "../../support/test-chat.ts";
import {
  createProcess,
  hurriedClock,
  outgoing,
  sharedMemory,
  startSender,
  targetOf,
  telegramForTest,
} from "./processes.ts";
import { PATIENTLY, until } from "./scene.ts";

/** What was counted, as `null` or status by status. */
function counting() {
  const answers: (number | null)[] = [];
  const metrics = {
    ...NO_METRICS,
    apiCall: (platform: string, status: number | null) => {
      expect(platform).toBe("telegram");
      answers.push(status);
    },
  };
  return { answers, metrics };
}

/** A server that takes requests and says nothing, or nothing but who the bot is. */
async function silentTelegram(
  knowsBot: boolean,
): Promise<{ apiRoot: string; token: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response: ServerResponse) => {
    const method = request.url?.split("/").at(-1) ?? "";
    asked.push(method);
    const results: Record<string, unknown> = {
      getMe: { id: 1, is_bot: true, first_name: "N", username: "nemobot" },
      deleteWebhook: true,
      setMyCommands: true,
    };
    request.resume();
    if (!knowsBot || !(method in results)) return;
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify({ ok: true, result: results[method] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // A TCP server's address is never a path.
  const { port } = server.address() as AddressInfo;
  return { apiRoot: `http://127.0.0.1:${port}`, token: `1:${"A".repeat(35)}`, asked };
}

describe("a process that only sends", () => {
  it("checks the token and sends, and takes no updates", async () => {
    const telegram = await telegramForTest();
    const chat = telegram.privateChat();
    const { adapter, sink } = await createProcess(telegram, sharedMemory());
    expect(adapter.isConnected).toBe(false);
    await adapter.startSending();
    expect(adapter.isConnected).toBe(true);
    chat.say("hello");
    await adapter.platform.send(targetOf(chat.id), outgoing("Hello!"));
    expect(telegram.calls().map((call) => call.method)).toEqual(["getMe", "sendMessage"]);
    expect(sink.offered).toEqual([]);
    await adapter.stopSending();
    expect(adapter.isConnected).toBe(false);
  });

  it("waits out a Telegram that cannot be reached", async () => {
    const telegram = await telegramForTest();
    telegram.fail({ method: "getMe", status: 502, times: 3 });
    const { adapter } = await createProcess(telegram, sharedMemory(), { clock: hurriedClock(100) });
    await adapter.startSending();
    expect(adapter.isConnected).toBe(true);
  });

  it("does not start with a token that Telegram does not know", async () => {
    const telegram = await telegramForTest();
    const wrong = { apiRoot: telegram.apiRoot, token: `654321:${"B".repeat(35)}` };
    const { adapter } = await createProcess(wrong, sharedMemory());
    await expect(adapter.startSending()).rejects.toThrow(StartError);
    expect(adapter.isConnected).toBe(false);
  });
});

describe("the connection of a process that polls", () => {
  it("is known to be lost while polls fail, and to be back as soon as one works", async () => {
    const telegram = await telegramForTest({ pollTimeoutCapMs: 60_000 });
    const { adapter } = await createProcess(telegram, sharedMemory());
    await adapter.start();
    await telegram.waitFor(() => telegram.isPolled);
    expect(adapter.isConnected).toBe(true);
    telegram.fail({ method: "getUpdates", status: 502, times: 2 });
    telegram.privateChat().say("hello");
    await until(() => !adapter.isConnected);
    await until(() => adapter.isConnected);
    await adapter.stopReceiving();
    expect(adapter.isConnected).toBe(false);
  });
});

describe("the connection of a process with a webhook", () => {
  it("is there once Telegram knows where to deliver, and gone with the stop", async () => {
    const telegram = await telegramForTest();
    const http = await startHttpServer({ host: "127.0.0.1", port: 0, log: new TestLog() });
    onTestFinished(() => http.stop());
    const webhook = { url: `http://127.0.0.1:${http.port}/telegram`, secret: "a-secret-for-tests" };
    telegram.fail({ method: "setWebhook", status: 502 });
    const { adapter, sink } = await createProcess(telegram, sharedMemory(), { webhook, http });
    const starting = adapter.start();
    await telegram.waitForCall("setWebhook", (call) => call.status === 502);
    expect(adapter.isConnected).toBe(false);
    await starting;
    expect(adapter.isConnected).toBe(true);
    telegram.privateChat().say("hello");
    await until(() => sink.received.length === 1);
    await adapter.stopReceiving();
    expect(adapter.isConnected).toBe(false);
  });
});

describe("a stop", () => {
  it("of receiving ends in time when Telegram does not answer", async () => {
    const telegram = await telegramForTest();
    const { adapter, sink } = await createProcess(telegram, sharedMemory());
    await adapter.start();
    telegram.privateChat().say("hello");
    await until(() => sink.received.length === 1);
    telegram.holdAnswers("getUpdates", 100);
    const startedAt = Date.now();
    await adapter.stopReceiving();
    expect(Date.now() - startedAt).toBeLessThan(2_000);
  });

  it("of receiving ends in time when the core does not let go of an update", async () => {
    const telegram = await telegramForTest();
    const { adapter, sink } = await createProcess(telegram, sharedMemory());
    sink.receive = () => new Promise(() => {});
    await adapter.start();
    telegram.privateChat().say("hello");
    await until(() =>
      telegram.calls("getUpdates").some((call) => JSON.stringify(call.result).includes("hello")),
    );
    const startedAt = Date.now();
    await adapter.stopReceiving();
    expect(Date.now() - startedAt).toBeLessThan(2_000);
    expect(telegram.pendingUpdateIds()).toHaveLength(1);
  });

  it("ends a start that waits for Telegram", async () => {
    const silent = await silentTelegram(false);
    const { adapter } = await createProcess(silent, sharedMemory());
    const starting = adapter.start().catch((error: unknown) => error);
    await until(() => silent.asked.length > 0);
    await adapter.stopReceiving();
    expect(await starting).toBeInstanceOf(StopError);
  });

  it("of sending rejects what waits with the reason, at once", async () => {
    const telegram = await telegramForTest();
    const chat = telegram.privateChat();
    const { adapter } = await startSender(telegram, sharedMemory());
    telegram.flood({ retryAfter: 60 });
    const sends = ["one", "two"].map((text) =>
      adapter.platform.send(targetOf(chat.id), outgoing(text)).catch((error: unknown) => error),
    );
    await telegram.waitForCall("sendMessage", (call) => call.status === 429);
    const startedAt = Date.now();
    await adapter.stopSending();
    const late = adapter.platform.send(targetOf(chat.id), outgoing("late")).catch((error: unknown) => error);
    for (const end of await Promise.all([...sends, late])) {
      expect(end).toMatchObject({ name: "StopError", kind: "shutdown" });
    }
    expect(Date.now() - startedAt).toBeLessThan(500);
  });

  it("of sending lets a request that is under way come to its answer", async () => {
    const telegram = await telegramForTest();
    const chat = telegram.privateChat();
    const { adapter } = await startSender(telegram, sharedMemory());
    const release = telegram.holdAnswers("sendMessage");
    const sent = adapter.platform.send(targetOf(chat.id), outgoing("one"));
    await telegram.waitFor(() => chat.botMessages().length === 1);
    await adapter.stopSending();
    release();
    expect((await sent).messageId).toBe(String(chat.botMessages()[0]?.id));
  });

  it("of sending does not wait long for an answer that never comes", async () => {
    const silent = await silentTelegram(true);
    const { adapter } = await startSender(silent, sharedMemory());
    const sent = adapter.platform.send(targetOf(1), outgoing("one")).catch((error: unknown) => error);
    await until(() => silent.asked.includes("sendMessage"));
    await adapter.stopSending();
    const startedAt = Date.now();
    expect(await sent).toMatchObject({ name: "StopError", kind: "shutdown" });
    expect(Date.now() - startedAt).toBeLessThan(3_000);
  });
});

describe("the operator's counts", () => {
  it("have every answer of the Bot API by its status, and calls without an answer", async () => {
    const telegram = await telegramForTest();
    const chat = telegram.privateChat();
    const { answers, metrics } = counting();
    const clock = hurriedClock(20);
    const { adapter } = await createProcess(telegram, sharedMemory(), { metrics, clock });
    await adapter.start();
    await until(() => telegram.calls("setMyCommands").length === 2 && telegram.isPolled);
    telegram.fail({ method: "sendMessage", status: 502 });
    telegram.fail({ method: "sendMessage", status: "disconnect" });
    telegram.flood({ times: 1, retryAfter: 1, methods: ["sendMessage"] });
    await adapter.platform.send(targetOf(chat.id), outgoing("hello"));
    await expect(adapter.platform.send(targetOf(42), outgoing("nobody"))).rejects.toThrow();
    const counted = answers.filter((status) => status !== 200);
    expect(counted).toEqual([502, null, 429, 400]);
    const polls = telegram.calls("getUpdates").length;
    await telegram.waitFor(() => telegram.calls("getUpdates").length > polls, PATIENTLY);
    await adapter.stopReceiving();
    const succeeded = telegram.calls().filter((call) => call.status === 200).length;
    await until(() => answers.filter((status) => status === 200).length === succeeded);
    // The poll that the stop ended is no failure.
    expect(answers.filter((status) => status === null)).toHaveLength(1);
  });
});

describe("a chat that is gone", () => {
  it("does not end the process when its work cannot be stopped just then", async () => {
    const telegram = await telegramForTest();
    const chat = telegram.privateChat();
    const { adapter, sink, log } = await startSender(telegram, sharedMemory());
    sink.abandon = () => Promise.reject(new Error("the store is away"));
    chat.kick();
    await expect(adapter.platform.send(targetOf(chat.id), outgoing("hello"))).rejects.toThrow("gone");
    await until(() => log.lines.some((line) => line.includes("goes on for now")));
  });
});
