import { targetOf } from "../../../src/adapters/discord/place.ts";
import { describeGroupPlatform, type GroupStage } from "../../contracts/chat-platform.ts";
import type { FakeMessage } from "../../fakes/discord/fake-message.ts";
import { startAdapterScene } from "./adapters.ts";
import { community } from "./scene.ts";

async function newStage(): Promise<GroupStage> {
  const { discord, adapter } = await startAdapterScene();
  const { anna, bob, guild, channel } = community(discord);
  const admin = discord.user({ name: "mia" });
  guild.join(admin);
  guild.role("moderator", ["MANAGE_CHANNELS"], admin);
  const dm = discord.dm(anna);
  const { platform } = await adapter();
  const question = anna.says(channel, "credits", { mentions: [discord.bot] });
  const place = (channelId: string, more: object = {}) =>
    targetOf(`discord:${channelId}`, { channelId, userId: anna.id, ...more });
  const all = (messages: readonly FakeMessage[]) =>
    JSON.stringify(messages.map(({ history, components }) => [history, components]))
      .replaceAll("\\n", "\n")
      .replaceAll("\\", "");
  return {
    platform,
    group: place(channel.id, { guildId: guild.id, replyTo: question.id }),
    alone: place(dm.id),
    anna: `discord:${anna.id}`,
    others: { ben: `discord:${bob.id}`, admin: `discord:${admin.id}` },
    readByOthers: () => all(channel.botMessages()),
    readByAnna: () => all(dm.botMessages()),
    shutAnna: () => anna.acceptDms(false),
    failRights: () => discord.fail({ route: "GET /guilds/:guild/members/:user", status: 403, times: 1 }),
  };
}

describeGroupPlatform("Discord", newStage);
