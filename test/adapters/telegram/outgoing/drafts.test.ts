/** Words while they grow, and reactions, against a server that keeps its rules. */
import { describe, expect, it } from "vitest";
import type { FakeTelegramOptions } from "../../../fakes/telegram/fake-telegram.ts";
import type { Process } from "../processes.ts";
import { outgoing, sharedMemory, startSender, targetOf, telegramForTest } from "../processes.ts";
import { until } from "../scene.ts";

async function stage(options: FakeTelegramOptions = {}) {
  const telegram = await telegramForTest(options);
  const process = await startSender(telegram, sharedMemory());
  const chat = telegram.privateChat();
  const show = (text: string, id = "request-1") => showIn(process, chat.id, text, id);
  return { telegram, process, chat, show };
}

async function showIn({ adapter }: Process, chatId: number, text: string, id = "request-1") {
  return adapter.platform.showDraft?.(targetOf(chatId), { id, text: [{ text }] });
}

describe("words that grow in a private chat", () => {
  it("are a draft at once, then at Telegram's pace: the newest words win, and the last are shown", async () => {
    const { telegram, chat, show } = await stage();
    expect(await show("I am")).toBe(true);
    expect(chat.draft).toMatchObject({ text: "I am", canStop: true });
    for (const text of ["I am looking", "I am looking at", "I am looking at your clip."]) {
      expect(await show(text)).toBe(true);
    }
    await until(() => chat.draft?.text === "I am looking at your clip.");
    expect(chat.draftFrames().map(({ text }) => text)).toEqual(["I am", "I am looking at your clip."]);
    const ids = new Set(chat.draftFrames().map(({ id }) => id));
    expect([...ids]).toEqual([expect.any(Number)]);
    expect(ids.has(0)).toBe(false);
    expect(telegram.violations()).toEqual([]);
    expect(chat.botMessages()).toEqual([]);
  });

  it("give way to the message that ends them: no draft comes after it", async () => {
    const { telegram, process, chat, show } = await stage();
    await show("I am");
    await show("I am looking at");
    await process.adapter.platform.send(targetOf(chat.id), outgoing("Done."));
    // The next request's words come when it is their turn, and only they.
    await show("Next", "request-2");
    await until(() => chat.draft?.text === "Next");
    expect(chat.draftFrames().map(({ text }) => text)).toEqual(["I am", "Next"]);
    expect(telegram.violations()).toEqual([]);
  });

  it("are taken away by an answer that would have been an edit", async () => {
    const { process, chat, show } = await stage();
    const { platform } = process.adapter;
    const living = await platform.send(targetOf(chat.id), outgoing("Working", { tone: "progress" }));
    await show("I am");
    await platform.edit(living, outgoing("I am done."));
    await until(() => chat.botMessages().length === 1);
    expect(chat.botMessages().map(({ text }) => text)).toEqual(["I am done."]);
    expect(chat.draft).toBeNull();
  });

  it("wait out a flood and are shown then, never otherwise", async () => {
    const { telegram, chat, show } = await stage();
    await show("one");
    telegram.flood({ methods: ["sendMessageDraft"], retryAfter: 2 });
    await show("one two");
    await until(() => telegram.calls("sendMessageDraft").some(({ status }) => status === 429));
    expect(await show("one two three")).toBe(true);
    await until(() => chat.draft?.text === "one two three");
    expect(chat.draftFrames().map(({ text }) => text)).toEqual(["one", "one two three"]);
    expect(telegram.violations()).toEqual([]);
  });

  it("are asked for once where the server knows no drafts", async () => {
    const { telegram, show } = await stage({ hasDrafts: false });
    expect(await show("one")).toBe(false);
    expect(await show("two", "request-2")).toBe(false);
    expect(telegram.calls("sendMessageDraft")).toHaveLength(1);
  });

  it("are refused for one request when its topic is gone, and go on for others", async () => {
    const { process, chat, show } = await stage();
    const target = targetOf(chat.id);
    const lost = { ...target, details: { ...target.details, topicId: 99 } };
    expect(await process.adapter.platform.showDraft?.(lost, { id: "lost", text: [{ text: "a" }] })).toBe(
      false,
    );
    expect(await show("one")).toBe(true);
  });

  it("show their end, from the beginning of a sentence, when they are too long", async () => {
    const { chat, show } = await stage();
    const sentences = Array.from({ length: 200 }, (_, index) => `Sentence ${index} of a long story. `);
    await show(sentences.join("").trim());
    await until(() => chat.draft !== null);
    const text = chat.draft?.text ?? "";
    expect(text.length).toBeGreaterThan(3_500);
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(text).toMatch(/^… Sentence \d+ of a long story\..*Sentence 199 of a long story\.$/);
  });

  it("have the formatting of messages", async () => {
    const { process, chat } = await stage();
    const text = [{ text: "See " }, { text: "this", bold: true as const }];
    await process.adapter.platform.showDraft?.(targetOf(chat.id), { id: "r", text });
    expect(chat.draft?.entities).toEqual([{ type: "bold", offset: 4, length: 4 }]);
  });

  it("are for private chats alone", async () => {
    const { telegram, process } = await stage();
    expect(await showIn(process, telegram.group().id, "one")).toBe(false);
    expect(telegram.calls("sendMessageDraft")).toEqual([]);
  });
});

describe("Stop on a draft", () => {
  it("takes out the request it belongs to, in another process too, once", async () => {
    const telegram = await telegramForTest();
    const memory = sharedMemory();
    const chat = telegram.privateChat();
    const sender = await startSender(telegram, memory);
    const receiver = await startSender(telegram, memory);
    await receiver.adapter.start();
    expect(await showIn(sender, chat.id, "one", "telegram:update:7")).toBe(true);
    const update = chat.stopDraft();
    await until(() => receiver.sink.received.length > 0);
    expect(receiver.sink.received).toMatchObject([
      {
        conversationId: `telegram:${chat.id}`,
        user: { id: `telegram:${chat.id}` },
        action: { kind: "drop", itemId: "telegram:update:7" },
      },
    ]);
    if (update !== null) telegram.redeliver(update);
    await until(() => receiver.sink.offered.length > 1);
    expect(receiver.sink.received).toHaveLength(1);
  });
});

describe("a reaction", () => {
  it("stands on the person's message, where reactions are allowed", async () => {
    const { telegram, process, chat } = await stage();
    const said = chat.say("thanks");
    const target = { ...targetOf(chat.id), details: { chatId: String(chat.id), replyTo: said.id } };
    expect(await process.adapter.platform.react(target, "❤")).toBe(true);
    expect(chat.reactionOn(said)).toBe("❤");
    const group = telegram.group();
    group.forbidReactions();
    const lol = group.say("@nemobot lol");
    const there = { ...targetOf(group.id), details: { chatId: String(group.id), replyTo: lol.id } };
    expect(await process.adapter.platform.react(there, "😁")).toBe(false);
    expect(await process.adapter.platform.react(targetOf(chat.id), "👍")).toBe(false);
  });
});

describe("an answer that came late", () => {
  it("hangs below the person's message in a private chat too, also when that was deleted since", async () => {
    const { process, chat } = await stage();
    const said = chat.say("trim it");
    const target = { ...targetOf(chat.id), details: { chatId: String(chat.id), replyTo: said.id } };
    await process.adapter.platform.send(target, outgoing("At once."));
    await process.adapter.platform.send(target, outgoing("Late.", { isReply: true }));
    chat.delete(said.id);
    await process.adapter.platform.send(target, outgoing("Later.", { isReply: true }));
    expect(chat.botMessages().map(({ text, replyToId }) => [text, replyToId])).toEqual([
      ["At once.", null],
      ["Late.", said.id],
      ["Later.", null],
    ]);
  });
});
