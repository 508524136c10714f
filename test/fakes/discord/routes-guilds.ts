/**
 * Guilds, members, roles, channels and DMs.
 * Source: Discord docs, "Guild", "Channel", "User".
 */

import { botCan, type Call, needs, ownGuild, type Reply, type Route, visibleChannel } from "./call.ts";
import { FormErrors, refusal } from "./errors.ts";
import { Form } from "./form.ts";
import { canView } from "./permissions.ts";
import { dmWith } from "./private-channels.ts";
import { asObject } from "./request-body.ts";
import { AUTO_ARCHIVE_MINUTES } from "./routes-threads.ts";
import {
  channelWire,
  guildWire,
  memberWire,
  partialGuildWire,
  roleWire,
  threadMemberWire,
  userWire,
} from "./serialize.ts";
import { removeChannel, tellAboutChannel } from "./threads.ts";
import { hasBot } from "./world.ts";

/** Routes of guilds, channels and users. */
export function guildRoutes(leave: (guildId: string) => void): Route[] {
  const bot = "bot" as const;
  return [
    { method: "GET", template: "/guilds/:guild", auth: bot, handle: (call) => ok(guildWire(ownGuild(call))) },
    { method: "GET", template: "/guilds/:guild/channels", auth: bot, handle: listChannels },
    {
      method: "GET",
      template: "/guilds/:guild/roles",
      auth: bot,
      handle: (call) => ok([...ownGuild(call).roles.values()].map(roleWire)),
    },
    { method: "GET", template: "/guilds/:guild/members", auth: bot, handle: listMembers },
    { method: "GET", template: "/guilds/:guild/members/:user", auth: bot, handle: getMember },
    { method: "GET", template: "/guilds/:guild/threads/active", auth: bot, handle: activeThreads },
    { method: "GET", template: "/channels/:channel", auth: bot, handle: getChannel },
    { method: "PATCH", template: "/channels/:channel", auth: bot, handle: changeChannel },
    { method: "DELETE", template: "/channels/:channel", auth: bot, handle: deleteChannel },
    { method: "POST", template: "/users/@me/channels", auth: bot, handle: openDm },
    { method: "GET", template: "/users/@me/guilds", auth: bot, handle: myGuilds },
    {
      method: "DELETE",
      template: "/users/@me/guilds/:guild",
      auth: bot,
      handle: (call) => {
        leave(ownGuild(call).id);
        return { status: 204 };
      },
    },
    { method: "GET", template: "/users/:user", auth: bot, handle: getUser },
  ];
}

function ok(body: unknown): Reply {
  return { status: 200, body };
}

function listChannels(call: Call): Reply {
  const channels = [...ownGuild(call).channels.values()].filter((one) => one.thread === null);
  return ok(channels.map((one) => channelWire(one, call.core.world)));
}

function listMembers(call: Call): Reply {
  const guild = ownGuild(call);
  if (!call.core.settings.privilegedIntents.includes("GUILD_MEMBERS")) throw refusal("missingAccess");
  return ok([...guild.members.values()].map((one) => memberWire(one, true)));
}

function getMember(call: Call): Reply {
  const guild = ownGuild(call);
  const member = guild.members.get(call.param("user"));
  if (member !== undefined) return ok(memberWire(member, true));
  throw refusal(call.core.world.users.has(call.param("user")) ? "unknownMember" : "unknownUser");
}

function activeThreads(call: Call): Reply {
  const { world } = call.core;
  const threads = [...ownGuild(call).channels.values()].filter(
    (one) => one.thread !== null && !one.thread.isArchived && canView(one, world.bot.id),
  );
  const members = threads.flatMap((one) => {
    const joinedAt = one.thread?.members.get(world.bot.id);
    return joinedAt === undefined ? [] : [threadMemberWire(one, world.bot.id, joinedAt)];
  });
  return ok({ threads: threads.map((one) => channelWire(one, world)), members });
}

function getChannel(call: Call): Reply {
  return ok(channelWire(visibleChannel(call), call.core.world));
}

function changeChannel(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  const { thread } = channel;
  if (channel.guild === null) throw refusal("dmOnly");
  const errors = new FormErrors();
  const form = new Form(asObject(call.json), [], errors);
  const name = form.text("name", { min: 1, max: 100 });
  form.integer("rate_limit_per_user", { min: 0, max: 21_600 });
  if (thread === null) {
    form.text("topic", { max: 1024 });
    errors.throwIfAny();
    needs(core, channel, "MANAGE_CHANNELS");
    if (name !== undefined) channel.name = name;
    tellAboutChannel(core, "CHANNEL_UPDATE", channel);
    return getChannel(call);
  }
  const archived = form.flag("archived");
  const locked = form.flag("locked");
  const autoArchive = form.integer("auto_archive_duration", { choices: AUTO_ARCHIVE_MINUTES });
  errors.throwIfAny();
  const isModerator = botCan(core, channel, "MANAGE_THREADS");
  const isOwner = thread.ownerId === core.world.bot.id;
  const onlyUnarchives = archived === false && [name, locked, autoArchive].every((one) => one === undefined);
  if (thread.isArchived && archived !== false) throw refusal("archivedThread");
  if (onlyUnarchives) {
    needs(core, channel, "SEND_MESSAGES_IN_THREADS");
    if (thread.isLocked && !isModerator) throw refusal("missingPermissions");
  } else if (locked !== undefined || thread.isLocked || form.has("rate_limit_per_user")) {
    if (!isModerator) throw refusal("missingPermissions");
  } else if (!isModerator && !isOwner) throw refusal("missingPermissions");
  if (name !== undefined) channel.name = name;
  if (locked !== undefined) thread.isLocked = locked;
  if (autoArchive !== undefined) thread.autoArchiveMinutes = autoArchive;
  if (archived !== undefined && archived !== thread.isArchived) thread.archiveChangedAt = Date.now();
  if (archived !== undefined) thread.isArchived = archived;
  tellAboutChannel(core, "THREAD_UPDATE", channel);
  core.changes.emit("change");
  return getChannel(call);
}

function deleteChannel(call: Call): Reply {
  const { core } = call;
  const channel = visibleChannel(call);
  if (channel.guild !== null) {
    needs(core, channel, channel.thread === null ? "MANAGE_CHANNELS" : "MANAGE_THREADS");
    removeChannel(core, channel);
  }
  return ok(channelWire(channel, core.world));
}

function openDm(call: Call): Reply {
  const { core } = call;
  const errors = new FormErrors();
  const form = new Form(asObject(call.json), [], errors);
  const id = form.snowflake("recipient_id", { isRequired: true });
  errors.throwIfAny();
  const user = core.world.users.get(id ?? "");
  if (user === undefined || user.isBot) throw refusal("invalidRecipient");
  return ok(channelWire(dmWith(core, user), core.world));
}

function myGuilds(call: Call): Reply {
  const { world } = call.core;
  const guilds = [...world.guilds.values()].filter((guild) => hasBot(world, guild));
  return ok(guilds.map((guild) => partialGuildWire(guild, world.bot.id)));
}

function getUser(call: Call): Reply {
  const user = call.core.world.users.get(call.param("user"));
  if (user === undefined) throw refusal("unknownUser");
  return ok(userWire(user));
}
