/**
 * Everything but messages: the bot itself, updates, callbacks, files, chats.
 * Source: core.telegram.org/bots/api#getting-updates, #available-methods.
 */

import { type Call, Described, type Method } from "./call.ts";
import { badRequest, conflict } from "./errors.ts";
import { isObject, refusingFields, requiredInt, requiredString } from "./params.ts";
import type { WireChatMember } from "./wire.ts";
import { chatMember, type World } from "./world.ts";

const MAX_CALLBACK_ANSWER = 200;
const WEBHOOK_IS_ACTIVE =
  "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first";

/** All methods of this file, by name in lower case. */
export const botMethods: Readonly<Record<string, Method>> = {
  getme: ({ world }) => ({
    ...world.bot,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
    can_connect_to_business: false,
    has_main_web_app: false,
    has_topics_enabled: world.options.hasPrivateTopics !== false,
  }),
  getupdates: getUpdates,
  setwebhook: setWebhook,
  deletewebhook: deleteWebhook,
  getwebhookinfo: ({ world }) => world.webhook.info(),
  answercallbackquery: answerCallbackQuery,
  getfile: ({ world, params }) => world.files.openPath(params.text("file_id")),
  getchat: getChat,
  getchatmember: getChatMember,
  getchatadministrators: getChatAdministrators,
  leavechat: leaveChat,
  setmycommands: setMyCommands,
  getmycommands: ({ world, params }) => world.commands.get(commandKey({ world, params })) ?? [],
  deletemycommands: ({ world, params }) => world.commands.delete(commandKey({ world, params })) || true,
  setmydescription: (call) => setText(call, "description", 512),
  getmydescription: (call) => getText(call, "description"),
  setmyshortdescription: (call) => setText(call, "short_description", 120),
  getmyshortdescription: (call) => getText(call, "short_description"),
  setmyname: (call) => setText(call, "name", 64),
  getmyname: (call) => getText(call, "name"),
  logout: ({ world }) => {
    world.isLoggedOut = true;
    return true;
  },
  close: () => true,
};

async function getUpdates({ world, params, gone }: Call): Promise<unknown> {
  if (world.webhook.isActive) throw conflict(WEBHOOK_IS_ACTIVE);
  allowUpdates(world, params.json("allowed_updates", "allowed_updates"));
  if (world.pollAnswers.length > 0) return world.pollAnswers.shift();
  const updates = await world.updates.poll({
    offset: params.int("offset"),
    limit: params.int("limit", 100, 1, 100),
    timeoutS: params.int("timeout", 0, 0),
    gone,
  });
  if (!gone.aborted) world.noteDelivered(updates);
  return updates;
}

function allowUpdates(world: World, types: unknown): void {
  if (types === undefined) return;
  if (!Array.isArray(types)) throw badRequest("Expected an Array of String as allowed_updates");
  world.updates.allow(types.map(String));
}

function setWebhook({ world, params }: Call): Described {
  const url = params.text("url");
  if (params.bool("drop_pending_updates")) world.updates.clear();
  allowUpdates(world, params.json("allowed_updates", "allowed_updates"));
  if (url === "") return dropWebhook(world);
  world.webhook.set(url, params.text("secret_token"), params.int("max_connections", 40, 1, 100));
  world.updates.abortPoll(conflict("terminated by setWebhook request"));
  return new Described(true, "Webhook was set");
}

function deleteWebhook({ world, params }: Call): Described {
  if (params.bool("drop_pending_updates")) world.updates.clear();
  return dropWebhook(world);
}

function dropWebhook(world: World): Described {
  const wasActive = world.webhook.isActive;
  world.webhook.remove();
  return new Described(true, wasActive ? "Webhook was deleted" : "Webhook is already deleted");
}

function answerCallbackQuery({ world, params }: Call): true {
  const text = params.text("text");
  const showAlert = params.bool("show_alert");
  if (text.length > MAX_CALLBACK_ANSWER) throw badRequest("MESSAGE_TOO_LONG");
  const url = params.text("url");
  if (url !== "" && !/^(https?:\/\/)?t\.me\//.test(url)) throw badRequest("URL_INVALID");
  const callback = world.callbacks.get(params.id("callback_query_id"));
  const now = Date.now();
  const { callbackLifetimeMs, callbackAnswerWithinMs } = world.options;
  const isAlive =
    callback !== undefined && callback.answeredAt === null && now - callback.pressedAt <= callbackLifetimeMs;
  if (!isAlive) throw badRequest("query is too old and response timeout expired or query ID is invalid");
  callback.answeredAt = now;
  callback.answer = { text, showAlert };
  const tookMs = now - (callback.deliveredAt ?? callback.pressedAt);
  if (tookMs > callbackAnswerWithinMs) {
    world.faults.note("callback-answered-late", "answercallbackquery", null, `after ${tookMs} ms`);
  }
  world.signal.notify();
  return true;
}

function getChat({ world, params }: Call): Record<string, unknown> {
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("read");
  return {
    ...chat.wire,
    accent_color_id: 0,
    max_reaction_count: 11,
    accepted_gift_types: {},
    ...(chat.wire.type === "private" ? {} : { permissions: { can_send_messages: true } }),
  };
}

function getChatMember({ world, params }: Call): WireChatMember {
  const userId = params.int("user_id");
  if (userId <= 0) throw badRequest("Invalid user_id specified");
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess(userId === world.bot.id ? "read" : "read-members");
  return world.member(chat, userId);
}

function getChatAdministrators({ world, params }: Call): WireChatMember[] {
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("read-members");
  if (chat.wire.type === "private") throw badRequest("there are no administrators in the private chat");
  const admins = [...chat.members.values()].filter(
    ({ status }) => status === "creator" || status === "administrator",
  );
  const people = admins.map(({ user, status }) => chatMember(user, status));
  return chat.botStatus === "administrator" ? [...people, chatMember(world.bot, "administrator")] : people;
}

function leaveChat({ world, params }: Call): true {
  const chat = world.chatById(params.id("chat_id"));
  chat.checkAccess("read-members");
  if (chat.wire.type === "private") throw badRequest("chat member status can't be changed in private chats");
  chat.botStatus = "left";
  return true;
}

const SCOPES = ["default", "all_private_chats", "all_group_chats", "all_chat_administrators"];
const CHAT_SCOPES = ["chat", "chat_administrators", "chat_member"];

/** Where a command list belongs; checks scope and language. */
function commandKey({ world, params }: Pick<Call, "world" | "params">): string {
  const scope = params.json("scope", "BotCommandScope");
  const language = languageCode(params.text("language_code"));
  if (scope === undefined) return `default ${language}`;
  return refusingFields("Can't parse BotCommandScope: ", () => {
    if (!isObject(scope)) throw badRequest("Can't parse BotCommandScope: BotCommandScope must be an Object");
    const type = requiredString(scope, "type");
    if (SCOPES.includes(type)) return `${type} ${language}`;
    if (!CHAT_SCOPES.includes(type))
      throw badRequest("Can't parse BotCommandScope: Unsupported type specified");
    const chat = world.chatById(requiredString(scope, "chat_id"));
    chat.checkAccess("read-members");
    const user = type === "chat_member" ? requiredInt(scope, "user_id") : 0;
    return `${type} ${chat.id} ${user} ${language}`;
  });
}

function languageCode(code: string): string {
  if (code !== "" && !/^[a-z]{2}$/.test(code)) throw badRequest("Invalid language code specified");
  return code;
}

function setMyCommands({ world, params }: Call): true {
  const list = params.json("commands", "commands") ?? [];
  if (!Array.isArray(list)) throw badRequest("Expected an Array of BotCommand");
  const key = commandKey({ world, params });
  const commands = list.map((value: unknown) => {
    const { command, description } = refusingFields("Can't parse BotCommand: ", () => {
      if (!isObject(value)) throw badRequest("Can't parse BotCommand: expected an Object");
      return {
        command: requiredString(value, "command").trim().replace(/^\//, ""),
        description: requiredString(value, "description").trim(),
      };
    });
    if (command === "") throw badRequest("Command must be non-empty");
    if ([...command].length > 32) throw badRequest("Command length must not exceed 32");
    if (description === "") throw badRequest("Command description must be non-empty");
    if ([...description].length > 256) throw badRequest("Command description length must not exceed 256");
    if (!/^[a-z0-9_]+$/.test(command)) throw badRequest("BOT_COMMAND_INVALID");
    return { command, description };
  });
  if (commands.length > 100) throw badRequest("BOT_COMMANDS_TOO_MUCH");
  world.commands.set(key, commands);
  return true;
}

function setText({ world, params }: Call, field: string, maxLength: number): true {
  const language = languageCode(params.text("language_code"));
  const text = params.text(field);
  if ([...text].length > maxLength) throw badRequest(`${field.toUpperCase()}_TOO_LONG`);
  world.texts.set(`${field} ${language}`, text);
  return true;
}

function getText({ world, params }: Call, field: string): Record<string, string> {
  const language = languageCode(params.text("language_code"));
  return { [field]: world.texts.get(`${field} ${language}`) ?? world.texts.get(`${field} `) ?? "" };
}
