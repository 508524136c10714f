import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, form, result } from "./client.ts";
import { type FakeTelegram, startFakeTelegram } from "./fake-telegram.ts";
import type { ChatPlayer } from "./players.ts";
import type { WireMessage } from "./wire.ts";

let fake: FakeTelegram;
let chat: ChatPlayer;
let group: ChatPlayer;
let forum: ChatPlayer;
let sentId = 0;
let videoId = 0;

beforeAll(async () => {
  fake = await startFakeTelegram({ callbackLifetimeMs: 0, rates: false });
  chat = fake.privateChat({ first_name: "Ada" });
  group = fake.group();
  forum = fake.forum({ topics: ["Trailers"] });
  const keyboard = { inline_keyboard: [[{ text: "Go", callback_data: "go" }]] };
  const sent = await result<WireMessage>(fake, "sendMessage", {
    chat_id: chat.id,
    text: "hi",
    reply_markup: keyboard,
  });
  sentId = sent.message_id;
  const bytes = new Uint8Array(2000);
  const video = await result<WireMessage>(
    fake,
    "sendVideo",
    form({ chat_id: chat.id, caption: "cut" }, { field: "video", bytes, name: "a.mp4" }),
  );
  videoId = video.message_id;
});

afterAll(() => fake.stop());

const keyboard = (button: unknown): unknown => ({ inline_keyboard: [[button]] });
const data = (callback_data: string): unknown => ({ text: "x", callback_data });
const user = (): number => chat.id;

type Row = [method: string, params: () => Record<string, unknown>, description: string, code?: number];

const rows: Row[] = [
  ["sendMessage", () => ({ text: "x" }), "Bad Request: chat_id is empty"],
  ["sendMessage", () => ({ chat_id: 5, text: "x" }), "Bad Request: chat not found"],
  ["sendMessage", () => ({ chat_id: "@nobody", text: "x" }), "Bad Request: chat not found"],
  ["sendMessage", () => ({ chat_id: user() }), "Bad Request: message text is empty"],
  ["sendMessage", () => ({ chat_id: user(), text: " \n " }), "Bad Request: text must be non-empty"],
  ["sendMessage", () => ({ chat_id: user(), text: "x".repeat(4097) }), "Bad Request: message is too long"],
  ["sendMessage", () => ({ chat_id: user(), text: "🎬".repeat(2049) }), "Bad Request: message is too long"],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: { a: 1 } }),
    'Bad Request: field "text" must be of type String',
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "<b>x", parse_mode: "HTML" }),
    "Bad Request: can't parse entities: Can't find end tag corresponding to start tag \"b\"",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", parse_mode: "BBCode" }),
    "Bad Request: unsupported parse_mode",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", disable_notification: "maybe" }),
    'Bad Request: field "disable_notification" must be of type Boolean',
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", message_thread_id: "abc" }),
    'Bad Request: field "message_thread_id" must be a valid Number',
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", message_thread_id: 99 }),
    "Bad Request: message thread not found",
  ],
  [
    "sendMessage",
    () => ({ chat_id: forum.id, text: "x", message_thread_id: 1 }),
    "Bad Request: message thread not found",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_parameters: { message_id: 9999 } }),
    "Bad Request: message to be replied not found",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_parameters: { allow: 1 } }),
    'Bad Request: can\'t find field "message_id"',
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: "{" }),
    "Bad Request: can't parse reply keyboard markup JSON object",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: [] }),
    "Bad Request: object expected as reply markup",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: { inline_keyboard: [data("a")] } }),
    'Bad Request: field "inline_keyboard" of the InlineKeyboardMarkup must be an Array of Arrays',
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard(data("x".repeat(65))) }),
    "Bad Request: BUTTON_DATA_INVALID",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard(data("ü".repeat(33))) }),
    "Bad Request: BUTTON_DATA_INVALID",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard(data("")) }),
    "Bad Request: can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard({ callback_data: "a" }) }),
    "Bad Request: can't parse inline keyboard button: Can't find field \"text\"",
  ],
  [
    "sendMessage",
    () => ({
      chat_id: user(),
      text: "x",
      reply_markup: keyboard({ text: "a", callback_data: "a", url: "https://a.example" }),
    }),
    "Bad Request: BUTTON_TYPE_INVALID",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard({ text: " ", callback_data: "a" }) }),
    "Bad Request: inline keyboard button text must be non-empty",
  ],
  [
    "sendMessage",
    () => ({ chat_id: user(), text: "x", reply_markup: keyboard({ text: "a", url: "http://localhost/" }) }),
    "Bad Request: inline keyboard button URL 'http://localhost/' is invalid: Wrong HTTP URL",
  ],
  [
    "sendMessage",
    () => ({
      chat_id: user(),
      text: "x",
      reply_markup: { inline_keyboard: Array.from({ length: 101 }, () => [data("a")]) },
    }),
    "Bad Request: reply markup is too long",
  ],
  [
    "editMessageText",
    () => ({
      chat_id: user(),
      message_id: sentId,
      text: "hi",
      reply_markup: keyboard({ text: "Go", callback_data: "go" }),
    }),
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
  ],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: 9999, text: "y" }),
    "Bad Request: message to edit not found",
  ],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: 0, text: "y" }),
    "Bad Request: message to edit not found",
  ],
  ["editMessageText", () => ({ text: "y" }), "Bad Request: message identifier is not specified"],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: videoId, text: "y" }),
    "Bad Request: there is no text in the message to edit",
  ],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: sentId, text: "y".repeat(4097) }),
    "Bad Request: MESSAGE_TOO_LONG",
  ],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: sentId, text: "y", reply_markup: { force_reply: true } }),
    "Bad Request: inline keyboard expected",
  ],
  [
    "editMessageText",
    () => ({ chat_id: user(), message_id: chat.say("mine").id, text: "y" }),
    "Bad Request: message can't be edited",
  ],
  [
    "editMessageCaption",
    () => ({ chat_id: user(), message_id: sentId, caption: "y" }),
    "Bad Request: there is no caption in the message to edit",
  ],
  [
    "editMessageCaption",
    () => ({ chat_id: user(), message_id: videoId, caption: "y".repeat(1025) }),
    "Bad Request: MEDIA_CAPTION_TOO_LONG",
  ],
  [
    "editMessageReplyMarkup",
    () => ({ chat_id: user(), message_id: videoId }),
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
  ],
  [
    "deleteMessage",
    () => ({ chat_id: user(), message_id: 9999 }),
    "Bad Request: message to delete not found",
  ],
  [
    "deleteMessage",
    () => ({ chat_id: group.id, message_id: group.say("/mine").id }),
    "Bad Request: message can't be deleted",
  ],
  ["sendVideo", () => ({ chat_id: user() }), "Bad Request: there is no video in the request"],
  [
    "sendVideo",
    () => ({ chat_id: user(), video: "AAAA" }),
    "Bad Request: wrong remote file identifier specified: can't unserialize it. Wrong last symbol",
  ],
  [
    "sendVideo",
    () => ({ chat_id: user(), video: "http://127.0.0.1:1/a.mp4" }),
    "Bad Request: failed to get HTTP URL content",
  ],
  [
    "sendVideo",
    () => ({ chat_id: user(), video: fake.apiRoot, caption: "c".repeat(1025) }),
    "Bad Request: message caption is too long",
  ],
  [
    "sendDocument",
    () => ({ chat_id: user(), document: chat.message(videoId).file?.fileId }),
    "Bad Request: can't use file of type Video as Document",
  ],
  ["sendMediaGroup", () => ({ chat_id: user(), media: [] }), "Bad Request: there are no messages to send"],
  [
    "sendMediaGroup",
    () => ({ chat_id: user(), media: Array(11).fill({ type: "video", media: "A" }) }),
    "Bad Request: too many messages to send as an album",
  ],
  [
    "sendMediaGroup",
    () => ({
      chat_id: user(),
      media: [
        { type: "video", media: "A" },
        { type: "document", media: "B" },
      ],
    }),
    "Bad Request: document can't be mixed with other media types",
  ],
  [
    "sendMediaGroup",
    () => ({
      chat_id: user(),
      media: [
        { type: "sticker", media: "A" },
        { type: "video", media: "B" },
      ],
    }),
    'Bad Request: can\'t parse InputMedia: type "sticker" is unsupported',
  ],
  [
    "sendMediaGroup",
    () => ({ chat_id: user(), media: Array(2).fill({ type: "video", media: "A" }) }),
    'Bad Request: failed to send message #1 with the error message "Wrong remote file identifier specified: can\'t unserialize it. Wrong last symbol"',
  ],
  [
    "sendChatAction",
    () => ({ chat_id: user(), action: "dancing" }),
    "Bad Request: wrong parameter action in request",
  ],
  [
    "answerCallbackQuery",
    () => ({ callback_query_id: "1" }),
    "Bad Request: query is too old and response timeout expired or query ID is invalid",
  ],
  [
    "answerCallbackQuery",
    () => ({ callback_query_id: "1", text: "x".repeat(201) }),
    "Bad Request: MESSAGE_TOO_LONG",
  ],
  ["getFile", () => ({ file_id: "nope" }), "Bad Request: invalid file_id"],
  [
    "getFile",
    () => ({ file_id: chat.sendFile({ kind: "video", sizeBytes: 20 * 1024 * 1024 + 1 }).file?.fileId }),
    "Bad Request: file is too big",
  ],
  [
    "getChatAdministrators",
    () => ({ chat_id: user() }),
    "Bad Request: there are no administrators in the private chat",
  ],
  [
    "setMyCommands",
    () => ({ commands: [{ command: "Start-now", description: "x" }] }),
    "Bad Request: BOT_COMMAND_INVALID",
  ],
  [
    "setMyCommands",
    () => ({ commands: [{ command: "start", description: "" }] }),
    "Bad Request: command description must be non-empty",
  ],
  [
    "setMyCommands",
    () => ({ commands: [{ command: "s".repeat(33), description: "x" }] }),
    "Bad Request: command length must not exceed 32",
  ],
  [
    "setMyCommands",
    () => ({ commands: [{ command: "start", description: "x" }], language_code: "english" }),
    "Bad Request: invalid language code specified",
  ],
  [
    "setMyCommands",
    () => ({ commands: [{ command: "start", description: "x" }], scope: { type: "moon" } }),
    "Bad Request: can't parse BotCommandScope: Unsupported type specified",
  ],
  [
    "setWebhook",
    () => ({ url: "http://a.example/hook" }),
    "Bad Request: bad webhook: An HTTPS URL must be provided for webhook",
  ],
  [
    "setWebhook",
    () => ({ url: "http://127.0.0.1:1/", secret_token: "a b" }),
    "Bad Request: secret token contains unallowed characters",
  ],
  ["sendFlowers", () => ({ chat_id: user() }), "Not Found: method not found", 404],
];

describe("the fake refuses what the real server refuses", () => {
  it.each(rows.map(([method, params, description, code]) => [method, description, params, code] as const))(
    "%s: %s",
    async (method, description, params, code = 400) => {
      const { status, body } = await call(fake, method, params());
      expect({ status, ...body }).toEqual({ status: code, ok: false, error_code: code, description });
    },
  );

  it("knows its token", async () => {
    const other = await fetch(`${fake.apiRoot}/bot1:x/getMe`);
    expect([other.status, await other.json()]).toEqual([
      401,
      { ok: false, error_code: 401, description: "Unauthorized" },
    ]);
  });

  it("refuses an upload above 50 MB with 413 and photos above 10 MB by their size", async () => {
    const bytes = new Uint8Array(50 * 1024 * 1024 + 1);
    const large = await call(
      fake,
      "sendVideo",
      form({ chat_id: chat.id }, { field: "video", bytes, name: "a.mp4" }),
    );
    expect([large.status, large.body.description]).toEqual([413, "Request Entity Too Large"]);
    const photo = new Uint8Array(10 * 1024 * 1024 + 1);
    const { body } = await call(
      fake,
      "sendPhoto",
      form({ chat_id: chat.id }, { field: "photo", bytes: photo, name: "a.jpg" }),
    );
    expect(body.description).toBe(
      "Bad Request: file of size 10485761 bytes is too big for a photo; the maximum size is 10485760 bytes",
    );
  });

  it("answers 403 to sends into chats the bot is out of", async () => {
    const shy = fake.privateChat({ isOpened: false });
    const send = async (id: number): Promise<unknown> =>
      (await call(fake, "sendMessage", { chat_id: id, text: "x" })).body.description;
    expect(await send(shy.id)).toBe("Forbidden: bot can't initiate conversation with a user");
    const other = fake.privateChat();
    other.kick();
    expect(await send(other.id)).toBe("Forbidden: bot was blocked by the user");
    const left = fake.group();
    left.leave();
    expect(await send(left.id)).toBe("Forbidden: bot is not a member of the group chat");
    const kicked = fake.group({ type: "supergroup" });
    kicked.kick();
    expect(await send(kicked.id)).toBe("Forbidden: bot was kicked from the supergroup chat");
  });
});

describe("the fake takes what the real server takes", () => {
  it.each<[string, Record<string, unknown>]>([
    ["the longest text", { text: "x".repeat(4096) }],
    ["markup that does not count", { text: `<b>${"x".repeat(4090)}</b>`, parse_mode: "HTML" }],
    ["64 bytes of data", { text: "x", reply_markup: keyboard(data("x".repeat(64))) }],
    ["unknown parameters", { text: "x", colour: "red" }],
    [
      "a missing message to reply to, when allowed",
      { text: "x", reply_parameters: { message_id: 9999, allow_sending_without_reply: true } },
    ],
  ])("%s", async (_case, params) => {
    const sent = await result<WireMessage>(fake, "sendMessage", { chat_id: chat.id, ...params });
    expect(sent).toMatchObject({ from: { id: fake.bot.id }, chat: { id: chat.id, type: "private" } });
  });

  it("forms, query strings and JSON alike", async () => {
    const url = `${fake.apiRoot}/bot${fake.token}/sendMessage`;
    const body = new URLSearchParams({ chat_id: String(chat.id), text: "form" });
    const answers = [
      await fetch(url, { method: "POST", body }),
      await fetch(`${url}?chat_id=${chat.id}&text=query`),
    ];
    expect(answers.map((one) => one.status)).toEqual([200, 200]);
    expect(
      chat
        .botMessages()
        .slice(-2)
        .map((one) => one.text),
    ).toEqual(["form", "query"]);
  });

  it("an edit without a keyboard takes the keyboard away, and the past texts stay known", async () => {
    const reply_markup = keyboard(data("a"));
    const { message_id } = await result<WireMessage>(fake, "sendMessage", {
      chat_id: chat.id,
      text: "one",
      reply_markup,
    });
    await result(fake, "editMessageText", { chat_id: chat.id, message_id, text: "two" });
    const now = chat.message(message_id);
    expect([now.text, now.buttons, now.history.map((past) => past.text)]).toEqual([
      "two",
      [],
      ["one", "two"],
    ]);
  });
});
