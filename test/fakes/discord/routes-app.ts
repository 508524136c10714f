/**
 * The application, its commands, the bot, and where the gateway is.
 * Source: Discord docs, "Application", "Application Commands", "Get Gateway Bot".
 */

import type { Call, Reply, Route } from "./call.ts";
import type { Core } from "./core.ts";
import { refusal } from "./errors.ts";
import type { FakeGateway } from "./gateway.ts";
import { asObject } from "./request-body.ts";
import { userWire } from "./serialize.ts";
import type { JsonObject, PrivilegedIntent } from "./wire.ts";
import { hasBot } from "./world.ts";

/** Application flags that say which privileged intents are on. */
const INTENT_FLAGS: Record<PrivilegedIntent, number> = {
  GUILD_PRESENCES: 1 << 13,
  GUILD_MEMBERS: 1 << 15,
  MESSAGE_CONTENT: 1 << 19,
};

/** Routes of the application. */
export function appRoutes(gateway: FakeGateway): Route[] {
  const bot = "bot" as const;
  const commands = "/applications/:application/commands";
  return [
    {
      method: "GET",
      template: "/gateway",
      auth: "none",
      handle: () => ({ status: 200, body: { url: gateway.url } }),
    },
    { method: "GET", template: "/gateway/bot", auth: bot, handle: (call) => gatewayBot(call, gateway) },
    { method: "GET", template: "/users/@me", auth: bot, handle: self },
    { method: "GET", template: "/applications/@me", auth: bot, handle: application },
    { method: "GET", template: "/oauth2/applications/@me", auth: bot, handle: application },
    { method: "GET", template: commands, auth: bot, handle: listCommands },
    { method: "PUT", template: commands, auth: bot, handle: overwriteCommands },
    { method: "POST", template: commands, auth: bot, handle: createCommand },
    { method: "GET", template: `${commands}/:command`, auth: bot, handle: getCommand },
    { method: "PATCH", template: `${commands}/:command`, auth: bot, handle: changeCommand },
    { method: "DELETE", template: `${commands}/:command`, auth: bot, handle: deleteCommand },
  ];
}

function self(call: Call): Reply {
  const { bot } = call.core.world;
  return { status: 200, body: { ...userWire(bot), verified: true, mfa_enabled: false, email: null } };
}

function gatewayBot(call: Call, gateway: FakeGateway): Reply {
  const { shards, maxConcurrency } = call.core.settings;
  return {
    status: 200,
    body: {
      url: gateway.url,
      shards,
      session_start_limit: {
        total: 1000,
        remaining: gateway.identifiesLeft,
        reset_after: 86_400_000,
        max_concurrency: maxConcurrency,
      },
    },
  };
}

function application(call: Call): Reply {
  return { status: 200, body: applicationWire(call.core) };
}

function applicationWire(core: Core): JsonObject {
  const { world, settings } = core;
  const flags = settings.privilegedIntents.reduce((all, name) => all | INTENT_FLAGS[name], 0);
  return {
    id: world.applicationId,
    name: world.bot.username,
    icon: null,
    description: "",
    summary: "",
    type: null,
    bot: userWire(world.bot),
    bot_public: true,
    bot_require_code_grant: false,
    verify_key: "00".repeat(32),
    owner: {
      id: "1",
      username: "owner",
      discriminator: "0",
      global_name: null,
      avatar: null,
      public_flags: 0,
      flags: 0,
    },
    team: null,
    flags,
    hook: true,
    storefront_available: false,
    interactions_endpoint_url: null,
    redirect_uris: [],
    integration_types_config: {
      "0": { oauth2_install_params: { scopes: ["applications.commands", "bot"], permissions: "0" } },
      "1": { oauth2_install_params: { scopes: ["applications.commands"], permissions: "0" } },
    },
    approximate_guild_count: [...world.guilds.values()].filter((guild) => hasBot(world, guild)).length,
    approximate_user_install_count: [...world.users.values()].filter((user) => user.hasInstalledApp).length,
  };
}

function checkOwner(call: Call): void {
  if (call.param("application") !== call.core.world.applicationId) throw refusal("unknownApplication");
}

function listCommands(call: Call): Reply {
  checkOwner(call);
  const { commands } = call.core;
  return {
    status: 200,
    body: commands.wire(commands.list(), call.query.get("with_localizations") === "true"),
  };
}

function overwriteCommands(call: Call): Reply {
  checkOwner(call);
  const { commands } = call.core;
  const list = commands.overwrite(call.json);
  call.core.changes.emit("change");
  return { status: 200, body: commands.wire(list, true) };
}

function createCommand(call: Call): Reply {
  checkOwner(call);
  const { command, isNew } = call.core.commands.upsert(asObject(call.json));
  call.core.changes.emit("change");
  return { status: isNew ? 201 : 200, body: command };
}

function getCommand(call: Call): Reply {
  checkOwner(call);
  return { status: 200, body: call.core.commands.get(call.param("command")) };
}

function changeCommand(call: Call): Reply {
  checkOwner(call);
  return { status: 200, body: call.core.commands.change(call.param("command"), asObject(call.json)) };
}

function deleteCommand(call: Call): Reply {
  checkOwner(call);
  call.core.commands.remove(call.param("command"));
  return { status: 204 };
}
