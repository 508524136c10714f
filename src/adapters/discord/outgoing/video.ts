/** A finished video as Discord takes it: in memory, below the limit of the place. Source: platforms.md, "Out". */
import type { APIGuild, REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import type { ReplyTarget } from "../../../core/model/message.ts";
import type { ByteSource } from "../../../core/ports/chat-platform.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import { closeBytes, limitBytes } from "../../../lib/byte-stream.ts";
import { own } from "../../../lib/own.ts";
import { placeOf } from "../place.ts";

const MIB = 1024 * 1024;
const DEFAULT_FILE_BYTES = 10 * MIB;
/** By the guild's boost tier. */
const TIER_BYTES: Record<number, number> = { 2: 50 * MIB, 3: 100 * MIB };

/** Bytes a file may have there. An interaction says itself what it takes; the bot's own messages go by the guild's boosts. */
export async function fileLimit(
  target: ReplyTarget,
  { rest, log }: { rest: REST; log: Log },
): Promise<number> {
  const { fileLimitBytes, guildId, isAppOnly } = placeOf(target);
  if (isAppOnly) return fileLimitBytes ?? DEFAULT_FILE_BYTES;
  if (!guildId) return DEFAULT_FILE_BYTES;
  try {
    // The answer's shape is Discord's documented guild object.
    const guild = (await rest.get(Routes.guild(guildId))) as APIGuild;
    return own(TIER_BYTES, String(guild.premium_tier)) ?? DEFAULT_FILE_BYTES;
  } catch (error) {
    log.info({ err: error }, "the guild's file limit is unknown");
    return DEFAULT_FILE_BYTES;
  }
}

/** The whole video. Throws when it is larger than `limit` bytes. */
export async function readVideo({ stream, sizeBytes }: ByteSource, limit: number): Promise<Buffer> {
  const tooLarge = () => new Error("the video is too large to attach");
  if ((sizeBytes ?? 0) > limit) {
    await closeBytes(stream);
    throw tooLarge();
  }
  const chunks: Uint8Array[] = [];
  for await (const chunk of limitBytes(stream, limit, tooLarge)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
