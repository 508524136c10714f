/** What `OutgoingMessage.idempotencyKey` promises when a process dies at the worst moment and another one sends again. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { DEFAULT_SEND_LIMITS } from "../../../../src/adapters/telegram/outgoing/send-queue.ts";
import type { OutgoingMessage } from "../../../../src/core/model/message.ts";
import { StopError } from "../../../../src/core/model/stop.ts";
import type { ByteSource } from "../../../../src/core/ports/chat-platform.ts";
import { describeSentMarks } from "../../../contracts/sent-marks.ts";
import { HAS_REDIS, startRedis } from "../../../support/redis.ts";
import {
  memoryOnDisk,
  memoryOnRedis,
  outgoing,
  startSender,
  targetOf,
  telegramForTest,
  withTrouble,
} from "../processes.ts";
import { PATIENTLY, until } from "../scene.ts";

const MB = 1024 * 1024;
/** Nothing waits: not for the rate limit, and not for another try. */
const HURRIED = { ...DEFAULT_SEND_LIMITS, perChat: 100, retryWaitMs: 1 };
const never = new AbortController().signal;
const answer = outgoing("All done.", { idempotencyKey: "turn-1:answer" });

const answerIn = (chatId: number) => outgoing("All done.", { idempotencyKey: `turn-${chatId}:answer` });

/** Telegram, a chat, and processes that start one after the other on one memory. */
async function setting() {
  const [telegram, open] = await Promise.all([telegramForTest(), memoryOnDisk()]);
  const chat = telegram.privateChat();
  const start = async () => (await startSender(telegram, open())).adapter;
  return { telegram, chat, open, start, target: targetOf(chat.id) };
}

function texts(chat: { botMessages(): { text: string }[] }): string[] {
  return chat.botMessages().map((message) => message.text);
}

/** Knows the bot, and leaves everything else without an answer. */
async function startDeafTelegram() {
  const asked = Promise.withResolvers<void>();
  const server = createServer((request, response) => {
    if (!request.url?.endsWith("/getMe")) return asked.resolve();
    const me = { id: 1, is_bot: true, first_name: "N", username: "nemobot" };
    response.writeHead(200, { connection: "close" }).end(JSON.stringify({ ok: true, result: me }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    // A TCP server's address is never a path.
    apiRoot: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hasAsked: asked.promise,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

describeSentMarks("Telegram", async () => {
  const [telegram, open] = await Promise.all([telegramForTest(), memoryOnDisk()]);
  const chat = telegram.privateChat();
  let isAway = false;
  const memory = withTrouble(open(), () => isAway);
  return {
    start: async () => (await startSender(telegram, memory, { limits: HURRIED })).adapter.platform,
    target: targetOf(chat.id),
    read: () => chat.botMessages().map(({ text, file }) => ({ text, hasFile: file !== null })),
    markAsBefore: (key, { messageId }) =>
      memory.set(
        `once:${key}`,
        JSON.stringify({ chatId: String(chat.id), messageId: Number(messageId), isFile: false, by: "v0" }),
      ),
    refuseFile: () => telegram.fail({ method: "sendVideo", status: 502, times: 3 }),
    setStoreAway(value) {
      isAway = value;
    },
  };
});

describe("a message that is to be shown once", () => {
  it("is rather doubled than lost when the process died before Telegram's answer came", async () => {
    const { telegram, chat, start, target } = await setting();
    const release = telegram.holdAnswers("sendMessage");
    const dying = (await start()).platform.send(target, answer);
    await telegram.waitFor(() => chat.botMessages().length === 1);
    const again = await (await start()).platform.send(target, answer);
    expect(texts(chat)).toEqual(["All done.", "All done."]);
    expect(again.messageId).toBe(String(chat.botMessages()[1]?.id));
    release();
    await dying;
    await (await start()).platform.send(target, answer);
    expect(chat.botMessages()).toHaveLength(2);
  });

  it.for<[end: string, isOrderly: boolean]>([
    ["was stopped", true],
    ["died", false],
  ])("is sent by the next process when the first %s while Telegram took nothing", async ([, isOrderly]) => {
    const { telegram, chat, open, start, target } = await setting();
    await using deaf = await startDeafTelegram();
    const { adapter } = await startSender({ token: telegram.token, apiRoot: deaf.apiRoot }, open());
    const dying = adapter.platform.send(target, answer).catch((error: unknown) => error);
    await deaf.hasAsked;
    if (isOrderly) {
      await adapter.stopSending();
      expect(await dying).toBeInstanceOf(StopError);
    }
    await (await start()).platform.send(target, answer);
    expect(texts(chat)).toEqual(["All done."]);
  });

  it.for<[why: string, trouble: "flood" | "server"]>([
    ["Telegram had asked it to wait", "flood"],
    ["Telegram had failed to take it", "server"],
  ])("is sent by the next process when %s and the first died waiting", async ([, trouble]) => {
    const { telegram, chat, start, target } = await setting();
    if (trouble === "flood") telegram.flood({ times: 1, retryAfter: 60 });
    else telegram.fail({ method: "sendMessage", status: 502, times: 1 });
    const first = await start();
    const dying = first.platform.send(target, answer).catch((error: unknown) => error);
    await telegram.waitForCall("sendMessage", (call) => call.status !== null);
    await first.stopSending();
    expect(await dying).toBeInstanceOf(StopError);
    telegram.calm();
    await (await start()).platform.send(target, answer);
    expect(texts(chat)).toEqual(["All done."]);
  });

  it("is sent once by two processes that live, the slower one learning of it", async () => {
    const { telegram, chat, start, target } = await setting();
    telegram.flood({ times: 1, retryAfter: 1 });
    const slow = (await start()).platform.send(target, answer);
    await telegram.waitForCall("sendMessage", (call) => call.status === 429);
    telegram.calm();
    const fast = await (await start()).platform.send(target, answer);
    expect(await slow).toEqual(fast);
    expect(texts(chat)).toEqual(["All done."]);
  });

  it("is sent by the slower one when the other one has died over it", { timeout: 20_000 }, async () => {
    const { telegram, chat, open, start, target } = await setting();
    await using deaf = await startDeafTelegram();
    telegram.flood({ times: 1, retryAfter: 1 });
    const slow = (await start()).platform.send(target, answer);
    await telegram.waitForCall("sendMessage", (call) => call.status === 429);
    telegram.calm();
    const { adapter } = await startSender({ token: telegram.token, apiRoot: deaf.apiRoot }, open());
    void adapter.platform.send(target, answer).catch(() => {});
    await deaf.hasAsked;
    expect((await slow).messageId).toBe(String(chat.botMessages()[0]?.id));
    expect(texts(chat)).toEqual(["All done."]);
  });

  it("is sent once when the slower one loses the store before it learns of the other", async () => {
    const { telegram, open, start } = await setting();
    let isAway = false;
    let refused = 0;
    const slow = await startSender(
      telegram,
      withTrouble(open(), () => {
        if (isAway) refused++;
        return isAway;
      }),
    );
    const fast = await start();
    const chats = Array.from({ length: 5 }, () => telegram.privateChat());
    telegram.flood({ times: chats.length, retryAfter: 1 });
    const sending = chats.map(({ id }) => slow.adapter.platform.send(targetOf(id), answerIn(id)));
    await until(
      () => telegram.calls("sendMessage").filter(({ status }) => status === 429).length === chats.length,
    );
    telegram.calm();
    for (const { id } of chats) await fast.platform.send(targetOf(id), answerIn(id));
    isAway = true;
    // Its requests are due, and cannot be marked.
    await until(() => refused >= chats.length);
    isAway = false;
    await Promise.all(sending);
    expect(chats.map(texts)).toEqual(chats.map(() => ["All done."]));
  });

  it("is sent once by one process that is asked twice at the same time", async () => {
    const { chat, start, target } = await setting();
    const { platform } = await start();
    const [one, other] = await Promise.all([platform.send(target, answer), platform.send(target, answer)]);
    expect(one).toEqual(other);
    expect(texts(chat)).toEqual(["All done."]);
  });

  it("is sent by the next process when the first could not reach Telegram at all", async () => {
    const { chat, open, start, target, telegram } = await setting();
    const { adapter } = await startSender(telegram, open());
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server's address is never a path.
    const apiRoot = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on("request", (_request, response) => {
      const me = { id: 1, is_bot: true, first_name: "N", username: "nemobot" };
      response.writeHead(200, { connection: "close" }).end(JSON.stringify({ ok: true, result: me }));
    });
    const { adapter: cut, log } = await startSender({ token: telegram.token, apiRoot }, open());
    await new Promise((resolve) => server.close(resolve));
    const dying = cut.platform.send(target, answer);
    dying.catch(() => {});
    await until(() => log.lines.some((line) => line.includes("trying again")));
    await adapter.platform.send(target, answer);
    expect(texts(chat)).toEqual(["All done."]);
    expect(await (await start()).platform.send(target, answer)).toMatchObject({
      messageId: String(chat.botMessages()[0]?.id),
    });
  });

  it("is rather doubled than lost when a connection broke and the process lives", async () => {
    const { telegram, chat, start, target } = await setting();
    telegram.fail({ method: "sendMessage", status: "disconnect", afterEffect: true });
    telegram.fail({ method: "sendMessage", status: "disconnect" });
    const sent = await (await start()).platform.send(target, answer);
    expect(texts(chat)).toEqual(["All done.", "All done."]);
    expect(sent.messageId).toBe(String(chat.botMessages()[1]?.id));
    await (await start()).platform.send(target, answer);
    expect(chat.botMessages()).toHaveLength(2);
  });

  it("goes on with the part that was not shown when it is a long one", async () => {
    const { telegram, chat, start, target } = await setting();
    const text = Array.from({ length: 3 }, (_, index) => `${index}`.repeat(4000)).join("\n\n");
    const long = outgoing(text, { idempotencyKey: "turn-1:long" });
    const first = await start();
    await first.platform.send(target, outgoing("hello"));
    const release = telegram.holdAnswers("sendMessage", 10);
    const dying = first.platform.send(target, long).catch((error: unknown) => error);
    await telegram.waitFor(() => chat.botMessages().length === 2);
    release();
    await first.stopSending();
    expect(await dying).toBeInstanceOf(StopError);
    const before = texts(chat).length;
    const sent = await (await start()).platform.send(target, long);
    expect(before).toBeLessThan(4);
    expect(texts(chat).map((part) => part[0])).toEqual(["h", "0", "1", "2"]);
    expect(sent.messageId).toBe(String(chat.botMessages()[3]?.id));
  });
});

describe("a progress message that is to be shown once", () => {
  const progress = (text: string) => outgoing(text, { tone: "progress", idempotencyKey: "turn-1:progress" });

  it("goes on in its place after a restart", async () => {
    const { chat, start, target } = await setting();
    const first = await (await start()).platform.send(target, progress("Working"));
    const { platform } = await start();
    const second = await platform.send(target, progress("Still working"));
    expect(second).toEqual(first);
    await platform.edit(second, outgoing("Done", { tone: "notice" }));
    expect(chat.botMessages().map((message) => message.history.map(({ text }) => text))).toEqual([
      ["Working", "Still working", "Done"],
    ]);
  });

  it("is posted again when it was deleted, and that once too", async () => {
    const { chat, start, target } = await setting();
    const first = await (await start()).platform.send(target, progress("Working"));
    chat.delete(Number(first.messageId));
    const second = await (await start()).platform.send(target, progress("Still working"));
    expect(second.messageId).not.toBe(first.messageId);
    // One that knows only of the first message.
    const third = await (await start()).platform.edit(first, progress("Nearly there"));
    expect(third).toEqual(second);
    expect(chat.botMessages()).toHaveLength(1);
  });

  it("is posted again, once, when the process died before it knew the message's number", async () => {
    const { telegram, chat, start, target } = await setting();
    const release = telegram.holdAnswers("sendMessage");
    const dying = (await start()).platform.send(target, progress("Working"));
    await telegram.waitFor(() => chat.botMessages().length === 1);
    const { platform } = await start();
    const sent = await platform.send(target, progress("Working"));
    expect(texts(chat)).toEqual(["Working"]);
    const next = await platform.edit(sent, progress("Still working"));
    await platform.edit(next, progress("Nearly there"));
    expect(texts(chat)).toEqual(["Working", "Nearly there"]);
    release();
    await dying;
  });
});

describe("a video that is to be shown once", () => {
  const film = (sizeBytes: number | null): OutgoingMessage =>
    outgoing("Your video is ready.", {
      idempotencyKey: "export-1",
      video: { name: "film.mp4", sizeBytes, durationS: 5, width: 640, height: 360 },
    });
  const source = (sizeBytes: number): ByteSource => ({
    sizeBytes,
    stream: (async function* () {
      for (let sent = 0; sent < sizeBytes; sent += MB) yield new Uint8Array(Math.min(MB, sizeBytes - sent));
    })(),
  });

  it("is delivered by the next process when the first died in the middle of the upload", async () => {
    const { telegram, chat, start, target } = await setting();
    const { promise: hanging, resolve: go } = Promise.withResolvers<void>();
    const stream = (async function* () {
      yield new Uint8Array(MB);
      await hanging;
      throw new Error("the process is dead");
    })();
    const dying = (await start()).platform.deliverVideo(
      target,
      film(2 * MB),
      async () => ({ stream, sizeBytes: 2 * MB }),
      never,
    );
    await telegram.waitForCall("sendVideo");
    const next = (await start()).platform;
    expect(await next.deliverVideo(target, film(2 * MB), async () => source(2 * MB), never)).toEqual({
      isFileSent: true,
    });
    expect(chat.botMessages().map((message) => message.file?.sizeBytes)).toEqual([2 * MB]);
    go();
    // It was only asleep: it sees that the video is there.
    expect(await dying).toEqual({ isFileSent: true });
    expect(chat.botMessages()).toHaveLength(1);
  });

  it.for<[way: string, url: string | null]>([
    ["uploaded", null],
    ["given by its address", "address"],
  ])("is rather doubled than lost when it is %s and the process died before the answer", async ([, by]) => {
    const { telegram, chat, start, target } = await setting();
    const bytes = new Uint8Array(3_000);
    await using server = createServer((_request, response) => {
      response.writeHead(200, { "content-type": "video/mp4", "content-length": bytes.length }).end(bytes);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    // A TCP server's address is never a path.
    const url = by && `http://127.0.0.1:${(server.address() as AddressInfo).port}/film.mp4`;
    const release = telegram.holdAnswers("sendVideo");
    const open = async () => ({ ...source(3_000), ...(url ? { url } : {}) });
    const dying = (await start()).platform.deliverVideo(target, film(3_000), open, never);
    await telegram.waitFor(() => chat.botMessages().length === 1);
    const again = await (await start()).platform.deliverVideo(target, film(3_000), open, never);
    expect(again).toEqual({ isFileSent: true });
    release();
    await dying;
    expect(chat.botMessages()).toHaveLength(2);
    await (await start()).platform.deliverVideo(target, film(3_000), open, never);
    expect(chat.botMessages()).toHaveLength(2);
  });

  it("is a link, once, when Telegram refuses the file before it has all of it", async () => {
    const { chat, start, target } = await setting();
    const { platform } = await start();
    const size = 60 * MB;
    const open = async (): Promise<ByteSource> => ({ ...source(size), sizeBytes: null });
    expect(await platform.deliverVideo(target, film(null), open, never)).toEqual({ isFileSent: false });
    expect(await (await start()).platform.deliverVideo(target, film(null), open, never)).toEqual({
      isFileSent: false,
    });
    expect(chat.botMessages().map((message) => [message.text, message.file])).toEqual([
      ["Your video is ready.", null],
    ]);
  });

  it("is a link, once, when its connection broke every time", async () => {
    const { telegram, chat, start, target } = await setting();
    telegram.fail({ method: "sendVideo", status: "disconnect", times: 10 });
    const open = async () => source(3_000);
    const { platform } = await start();
    expect(await platform.deliverVideo(target, film(3_000), open, never)).toEqual({ isFileSent: false });
    expect(texts(chat)).toEqual(["Your video is ready."]);
  });
});

describe.runIf(HAS_REDIS)("while Redis is away", () => {
  const ways: [how: string, isFrozen: boolean][] = [
    ["gone", false],
    ["frozen", true],
  ];
  const action = { kind: "edit", text: "make it shorter, ".repeat(10) } as const;
  const buttons = [[{ kind: "action", label: "Shorter", action } as const]];

  async function sceneWithout(isFrozen: boolean) {
    const [telegram, redis] = await Promise.all([telegramForTest(), startRedis()]);
    const memory = await memoryOnRedis(redis);
    const group = telegram.group();
    const { adapter } = await startSender(telegram, memory, { isShared: true });
    const leave = async () => (isFrozen ? redis.freeze() : redis.stop());
    const comeBack = async () => (isFrozen ? redis.thaw() : redis.start());
    return { telegram, redis, memory, group, platform: adapter.platform, leave, comeBack };
  }

  it.for(ways)("(%s) what is no end is shown, and its buttons work when it is back", async ([, isFrozen]) => {
    const { memory, group, platform, leave, comeBack } = await sceneWithout(isFrozen);
    await leave();
    const target = targetOf(group.id);
    await platform.send(target, outgoing("Hello", { buttons }));
    await platform.send(target, outgoing("Working", { tone: "progress", idempotencyKey: "turn-1:progress" }));
    expect(texts(group)).toEqual(["Hello", "Working"]);
    await comeBack();
    const data = group.botMessages()[0]?.buttons[0]?.[0]?.callback_data ?? "";
    await expect
      .poll(() => memory.get(`button:${data.slice(1)}`).catch(() => null), { timeout: PATIENTLY.timeoutMs })
      .toContain("make it shorter");
  });

  it.for(ways)(
    "(%s) answers wait, and each that another process has shown is known then",
    async ([, how]) => {
      const { telegram, redis, group, platform, leave, comeBack } = await sceneWithout(how);
      const target = targetOf(group.id);
      const other = await startSender(telegram, await memoryOnRedis(redis), { isShared: true });
      const answers = [0, 1, 2, 3, 4].map((turn) =>
        outgoing(`Answer ${turn}`, { idempotencyKey: `turn-${turn}` }),
      );
      for (const one of answers.slice(0, 4)) await other.adapter.platform.send(target, one);
      await leave();
      const sending = Promise.all(answers.map((one) => platform.send(target, one)));
      await platform.send(target, outgoing("Hello"));
      expect(texts(group)).toHaveLength(5);
      await comeBack();
      const sent = await sending;
      expect(texts(group)).toEqual(["Answer 0", "Answer 1", "Answer 2", "Answer 3", "Hello", "Answer 4"]);
      expect(sent.map(({ messageId }) => messageId).slice(0, 4)).toEqual(
        group
          .botMessages()
          .slice(0, 4)
          .map(({ id }) => String(id)),
      );
    },
  );
});
