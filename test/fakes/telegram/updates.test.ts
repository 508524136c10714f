import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { call, result } from "./client.ts";
import { type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import type { WireMessage, WireUpdate } from "./wire.ts";

let fake: FakeTelegram;
let hook: Server | undefined;

afterEach(async () => {
  hook?.closeAllConnections();
  hook?.close();
  await fake.stop();
});

const poll = (params: Record<string, unknown> = {}): Promise<WireUpdate[]> =>
  result(fake, "getUpdates", params);

describe("long polling", () => {
  it("repeats updates until their offset confirms them", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    for (const text of ["one", "two", "three"]) chat.say(text);
    const first = await poll({ limit: 2 });
    expect(first.map((update) => update.message?.text)).toEqual(["one", "two"]);
    expect(await poll({ limit: 2 })).toEqual(first);
    const next = (first[1]?.update_id ?? 0) + 1;
    expect((await poll({ offset: next })).map((update) => update.message?.text)).toEqual(["three"]);
    expect(fake.pendingUpdateIds()).toEqual([next]);
    expect(await poll({ offset: -1 })).toHaveLength(1);
    expect(await poll({ offset: next + 1 })).toEqual([]);
    fake.redeliver(next);
    expect((await poll({ offset: next + 1 })).map((update) => update.update_id)).toEqual([next]);
  });

  it("waits for news, and gives up after the timeout", async () => {
    fake = await startFakeTelegram({ pollTimeoutCapMs: 30 });
    const chat = fake.privateChat();
    expect(await poll({ timeout: 50 })).toEqual([]);
    const waiting = poll({ timeout: 50 });
    await fake.waitFor(() => fake.isPolled || fake.calls("getUpdates").length === 2);
    chat.say("now");
    expect((await waiting).map((update) => update.message?.text)).toEqual(["now"]);
  });

  it("ends the first of two polls with 409 and notes it", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    const first = call(fake, "getUpdates", { timeout: 50 });
    await fake.waitForCall("getUpdates");
    await fake.waitFor(() => fake.isPolled);
    const second = poll({ timeout: 50 });
    expect((await first).body).toEqual({
      ok: false,
      error_code: 409,
      description:
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    });
    chat.say("x");
    expect(await second).toHaveLength(1);
    expect(fake.violations().map((one) => one.kind)).toEqual(["parallel-polls"]);
  });

  it("gives only the types that were asked for", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat();
    await poll({ allowed_updates: ["callback_query"] });
    chat.say("unheard");
    expect(await poll()).toEqual([]);
    await poll({ allowed_updates: [] });
    chat.say("heard");
    expect(await poll()).toHaveLength(1);
  });
});

describe("the webhook", () => {
  it("posts in order with the secret, repeats until 2xx, and bars getUpdates", async () => {
    fake = await startFakeTelegram({ webhookRetryMs: 5 });
    const chat = fake.privateChat();
    const seen: Array<{ secret: unknown; text: string | undefined }> = [];
    hook = createServer((request, response) => {
      void (async () => {
        let body = "";
        for await (const chunk of request) body += String(chunk);
        const update: WireUpdate = JSON.parse(body);
        seen.push({ secret: request.headers["x-telegram-bot-api-secret-token"], text: update.message?.text });
        response.writeHead(seen.length === 1 ? 500 : 200).end();
      })();
    });
    await new Promise<void>((resolve) => hook?.listen(0, "127.0.0.1", resolve));
    const { port } = hook.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/hook`;
    const set = await call(fake, "setWebhook", { url, secret_token: "s_1" });
    expect(set.body).toEqual({ ok: true, result: true, description: "Webhook was set" });
    expect((await call(fake, "getUpdates")).body).toMatchObject({
      error_code: 409,
      description:
        "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first",
    });
    chat.say("one");
    chat.say("two");
    await fake.allConfirmed();
    expect(seen).toEqual(["one", "one", "two"].map((text) => ({ secret: "s_1", text })));
    expect(await result(fake, "getWebhookInfo")).toMatchObject({
      url,
      pending_update_count: 0,
      last_error_message: "Wrong response from the webhook: 500",
    });
    expect((await call(fake, "deleteWebhook")).body.description).toBe("Webhook was deleted");
    chat.say("three");
    expect(await poll()).toHaveLength(1);
  });
});

describe("buttons", () => {
  it("reach the bot as callback queries that can be answered once", async () => {
    fake = await startFakeTelegram();
    const chat = fake.privateChat({ first_name: "Ada" });
    const reply_markup = { inline_keyboard: [[{ text: "Export", callback_data: "x:1" }]] };
    await result(fake, "sendMessage", { chat_id: chat.id, text: "Ready", reply_markup });
    const press = chat.press(await chat.nextBotMessage(), "Export");
    expect((await poll())[0]?.callback_query).toMatchObject({
      id: press.queryId,
      data: "x:1",
      from: { first_name: "Ada" },
      message: { text: "Ready", reply_markup },
    });
    const answer = { callback_query_id: press.queryId, text: "On it" };
    expect(await result<boolean>(fake, "answerCallbackQuery", answer)).toBe(true);
    expect(await press.answered()).toMatchObject({ text: "On it", showAlert: false });
    expect((await call(fake, "answerCallbackQuery", answer)).body.description).toBe(
      "Bad Request: query is too old and response timeout expired or query ID is invalid",
    );
    expect(() => chat.press(1, "Nothing")).toThrow(/no callback button/);
  });

  it("are too old after their time, and missed answers are noted", async () => {
    fake = await startFakeTelegram({ callbackLifetimeMs: -1, callbackAnswerWithinMs: -1 });
    const chat = fake.privateChat();
    const reply_markup = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
    const { message_id } = await result<WireMessage>(fake, "sendMessage", {
      chat_id: chat.id,
      text: "x",
      reply_markup,
    });
    const { queryId } = chat.press(message_id, "go");
    await poll();
    expect((await call(fake, "answerCallbackQuery", { callback_query_id: queryId })).status).toBe(400);
    expect(fake.violations().map((one) => one.kind)).toEqual(["callback-unanswered"]);
  });
});
