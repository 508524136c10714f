import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { call, result } from "./client.ts";
import { type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import type { ChatPlayer } from "./players.ts";
import type { WireMessage, WireUpdate } from "./wire.ts";

let fake: FakeTelegram;

beforeEach(async () => {
  fake = await startFakeTelegram();
});

afterEach(() => fake.stop());

/** Confirms and returns the updates. */
async function news(): Promise<WireUpdate[]> {
  const updates = await result<WireUpdate[]>(fake, "getUpdates");
  await result(fake, "getUpdates", { offset: (updates.at(-1)?.update_id ?? -1) + 1 });
  return updates;
}

const send = (params: Record<string, unknown>): Promise<WireMessage> =>
  result(fake, "sendMessage", { text: "bot", ...params });

describe("privacy mode", () => {
  it.each<[string, (group: ChatPlayer, botMessageId: number) => void, boolean]>([
    ["chatter", (group) => group.say("hello all"), false],
    ["a command", (group) => group.say("/export"), true],
    ["a command in the middle", (group) => group.say("try /export"), false],
    ["a command for this bot anywhere", (group) => group.say("try /export@nemobot"), true],
    ["a command for another bot", (group) => group.say("/export@otherbot"), false],
    ["a mention", (group) => group.say("@NemoBot cut this"), true],
    ["a mention of another", (group) => group.say("@someone cut this"), false],
    ["an answer to the bot", (group, id) => group.say("shorter", { replyTo: id }), true],
    ["a file", (group) => group.sendFile({ kind: "video" }), false],
    [
      "a file with a mention in its caption",
      (group) => group.sendFile({ kind: "video", caption: "@nemobot" }),
      true,
    ],
  ])("%s: %#", async (_case, act, isSeen) => {
    const group = fake.group();
    const { message_id } = await send({ chat_id: group.id });
    act(group, message_id);
    expect((await news()).some((update) => update.message !== undefined)).toBe(isSeen);
  });

  it("ends for administrators, and gives general commands to the bot that spoke last", async () => {
    const group = fake.group();
    group.otherBotSpeaks();
    group.say("/export");
    expect(await news()).toEqual([]);
    group.promote();
    group.say("hello");
    expect((await news()).map((update) => Object.keys(update)[1])).toEqual(["my_chat_member", "message"]);
  });

  it("is off when switched off, and never holds back edits of what the bot may see", async () => {
    const group = fake.group({ privacyMode: false });
    const { id } = group.say("hello");
    group.edit(id, "hello again");
    expect((await news()).map((update) => Object.keys(update)[1])).toEqual(["message", "edited_message"]);
  });
});

describe("migration", () => {
  it("tells both chats, refuses the old id with the new one, and goes on in the new chat", async () => {
    const group = fake.group({ title: "Editors" });
    const oldId = group.id;
    const newId = group.migrateToSupergroup();
    expect(
      (await news()).map(({ message }) => [
        message?.chat.id,
        message?.migrate_to_chat_id ?? message?.migrate_from_chat_id,
      ]),
    ).toEqual([
      [oldId, newId],
      [newId, oldId],
    ]);
    expect((await call(fake, "sendMessage", { chat_id: oldId, text: "x" })).body).toEqual({
      ok: false,
      error_code: 400,
      description: "Bad Request: group chat was upgraded to a supergroup chat",
      parameters: { migrate_to_chat_id: newId },
    });
    expect(await send({ chat_id: newId })).toMatchObject({
      chat: { id: newId, type: "supergroup", title: "Editors" },
    });
    expect(group.id).toBe(newId);
  });
});

describe("topics", () => {
  it("General has no id on its messages; others have, with the topic's first message as what they answer", async () => {
    const forum = fake.forum({ topics: ["Trailers"], privacyMode: false });
    const topicId = forum.topics[0]?.id ?? 0;
    forum.say("in general");
    forum.say("in a topic", { topic: "Trailers" });
    const [general, trailers] = (await news()).map((update) => update.message);
    expect(general).not.toHaveProperty("message_thread_id");
    expect(trailers).toMatchObject({
      message_thread_id: topicId,
      is_topic_message: true,
      reply_to_message: { message_id: topicId, forum_topic_created: { name: "Trailers" } },
    });
    expect(await send({ chat_id: forum.id })).not.toHaveProperty("message_thread_id");
    expect(await send({ chat_id: forum.id, message_thread_id: topicId })).toMatchObject({
      is_topic_message: true,
    });
    expect(
      await result(fake, "sendChatAction", { chat_id: forum.id, message_thread_id: 1, action: "typing" }),
    ).toBe(true);
    expect(forum.actions()).toMatchObject([{ action: "typing", threadId: 1 }]);
    forum.closeTopic(topicId);
    const closed = await call(fake, "sendMessage", {
      chat_id: forum.id,
      message_thread_id: topicId,
      text: "x",
    });
    expect(closed.body.description).toBe("Bad Request: TOPIC_CLOSED");
  });

  it("exist in private chats too", async () => {
    const chat = fake.privateChat({ topics: ["Reel"] });
    chat.say("hi", { topic: "Reel" });
    const message = (await news())[0]?.message;
    expect(message).toMatchObject({ is_topic_message: true, chat: { type: "private" } });
    expect(message).not.toHaveProperty("reply_to_message");
    const answer = await send({ chat_id: chat.id, message_thread_id: message?.message_thread_id });
    expect(answer.message_thread_id).toBe(message?.message_thread_id);
  });

  it("are not what threads of answers in plain supergroups are", async () => {
    const group = fake.group({ type: "supergroup" });
    const { message_id } = await send({ chat_id: group.id });
    group.say("like this?", { replyTo: message_id });
    const message = (await news())[0]?.message;
    expect(message?.message_thread_id).toBe(message_id);
    expect(message).not.toHaveProperty("is_topic_message");
  });
});

describe("membership", () => {
  it("changes reach the bot as my_chat_member", async () => {
    const group = fake.group({ admins: [{ first_name: "Ada" }] });
    group.kick();
    group.addBot();
    const changes = (await news()).map(({ my_chat_member: change }) => [
      change?.old_chat_member.status,
      change?.new_chat_member.status,
    ]);
    expect(changes).toEqual([
      ["member", "kicked"],
      ["kicked", "member"],
    ]);
    expect(await result(fake, "getChatAdministrators", { chat_id: group.id })).toMatchObject([
      { status: "creator", user: { first_name: "Ada" } },
    ]);
    expect(await result(fake, "getChatMember", { chat_id: group.id, user_id: fake.bot.id })).toMatchObject({
      status: "member",
    });
  });
});

describe("albums and forwards", () => {
  it("come as separate messages with one group id, and with their origin", async () => {
    const chat = fake.privateChat();
    const files = chat.sendAlbum([{ kind: "video" }, { kind: "photo" }], { caption: "both" });
    chat.forward(files[0] ?? chat.say("never"));
    const [video, photo, forwarded] = (await news()).map((update) => update.message);
    expect(video).toMatchObject({
      caption: "both",
      video: { mime_type: "video/mp4", width: 1280, duration: 5 },
    });
    expect(photo?.media_group_id).toBe(video?.media_group_id);
    expect(photo?.photo?.map((size) => size.width)).toEqual([90, 1280]);
    expect(forwarded).toMatchObject({ forward_origin: { type: "user" }, video: { file_size: 1024 } });
  });
});
