/**
 * What the gateway tells, as far as it is used: read through a schema before anything else looks at it. Unknown fields
 * go, and so does an event whose known ones are not what Discord documents. Source: Discord docs, "Gateway Events",
 * "Message Object", "Interaction Structure".
 */
import { ApplicationCommandType, GatewayDispatchEvents, InteractionType } from "discord-api-types/v10";
import { z } from "zod";
import type { Shard } from "../snowflakes.ts";
import type { RawEvent } from "./gateway.ts";

/** Far above what Discord allows anywhere, and far below what could hold the process up. */
const MAX_TEXT = 32_768;
const MAX_ITEMS = 1_000;
/** Of one shard. */
const MAX_GUILDS = 100_000;
/** A guild that the bot came into longer ago is told of for another reason. */
const JOINS_FOR_MS = 3_600_000;

/** Absent and null are the same to us. */
const maybe = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value): z.output<Schema> | undefined => value ?? undefined);

const id = z.string().regex(/^\d{1,20}$/);
const text = z.string().max(MAX_TEXT);
const word = z.string().max(200);
/** A set of permissions. */
const bits = z.string().regex(/^\d{1,40}$/);
const list = <Item extends z.ZodType>(item: Item) => z.array(item).max(MAX_ITEMS);

/** What a person is called; one that cannot be read is as if it were not there. */
const called = maybe(z.string().max(200)).catch(undefined);

const attachmentSchema = z.object({
  id,
  url: z.string().max(MAX_TEXT),
  filename: z.string().max(2_000),
  size: z.number().nonnegative(),
  content_type: maybe(word),
  /** How loud it is over time: voice messages alone have it. */
  waveform: maybe(z.string().max(MAX_TEXT)),
});
/** A file as Discord tells of it. */
export type SaidAttachment = z.infer<typeof attachmentSchema>;

/** A forwarded message carries its files in a snapshot. */
const snapshotsSchema = maybe(
  list(z.object({ message: z.object({ attachments: maybe(list(attachmentSchema)) }) })),
);

const fileHolder = {
  id,
  channel_id: id,
  attachments: list(attachmentSchema),
  message_snapshots: snapshotsSchema,
};

/** A message from the gateway or from a channel's history. */
export const messageSchema = z.object({
  ...fileHolder,
  guild_id: maybe(id),
  type: z.number(),
  content: text,
  author: z.object({ id, bot: maybe(z.boolean()), username: called, global_name: called }),
  member: maybe(z.object({ nick: called })).catch(undefined),
  webhook_id: maybe(id),
  mentions: list(z.object({ id })),
  referenced_message: maybe(z.object({ ...fileHolder, author: z.object({ id }) })),
});
export type SaidMessage = z.infer<typeof messageSchema>;

const user = z.object({ id, username: called, global_name: called });

const common = {
  id,
  application_id: id,
  token: word.max(2_000),
  guild_id: maybe(id),
  channel_id: maybe(id),
  channel: maybe(z.object({ id, type: z.number(), parent_id: maybe(id) })),
  member: maybe(z.object({ user, permissions: bits, nick: called })),
  user: maybe(user),
  /** What the bot may do in the channel. */
  app_permissions: bits.default("0"),
  /** By whose installation: `0` a guild's, `1` the person's. */
  authorizing_integration_owners: maybe(z.object({ 0: maybe(id), 1: maybe(id) })),
  context: maybe(z.number()),
  attachment_size_limit: maybe(z.number().nonnegative()),
  locale: maybe(word),
  guild_locale: maybe(word),
};

const optionSchema = z.object({
  name: word,
  value: maybe(z.union([text, z.number(), z.boolean()])),
  focused: maybe(z.boolean()),
});

const chatInputSchema = z.object({
  type: z.literal(ApplicationCommandType.ChatInput),
  name: word,
  options: maybe(list(optionSchema)),
  resolved: maybe(z.object({ attachments: maybe(z.record(id, attachmentSchema)) })),
});

const messageCommandSchema = z.object({
  type: z.literal(ApplicationCommandType.Message),
  name: word,
  target_id: id,
  resolved: z.object({ messages: z.record(id, z.object({ ...fileHolder, content: text.default("") })) }),
});

/** Kinds of commands that the bot does not have. */
const otherCommandSchema = z.object({
  type: z.literal([ApplicationCommandType.User, ApplicationCommandType.PrimaryEntryPoint]),
  name: word,
});

const commandSchema = z.object({
  ...common,
  type: z.literal(InteractionType.ApplicationCommand),
  data: z.discriminatedUnion("type", [chatInputSchema, messageCommandSchema, otherCommandSchema]),
});

const autocompleteSchema = z.object({
  ...common,
  type: z.literal(InteractionType.ApplicationCommandAutocomplete),
  data: z.object({ name: word, options: list(optionSchema) }),
});

const componentSchema = z.object({
  ...common,
  type: z.literal(InteractionType.MessageComponent),
  data: z.object({
    custom_id: word,
    component_type: z.number(),
    values: maybe(list(word)),
  }),
});

/** A field of a form: words or a choice in `value`, choices or files in `values`. */
const fieldSchema = z.object({ custom_id: maybe(word), value: maybe(text), values: maybe(list(word)) });

const modalSchema = z.object({
  ...common,
  type: z.literal(InteractionType.ModalSubmit),
  data: z.object({
    custom_id: word,
    /** Each holds one field; `components` are the rows of forms that earlier versions opened. */
    components: list(z.object({ component: maybe(fieldSchema), components: maybe(list(fieldSchema)) })),
    resolved: maybe(z.object({ attachments: maybe(z.record(id, attachmentSchema)) })),
  }),
});

/** A used command, button, menu or form, with its person and its place. */
export const interactionSchema = z
  .discriminatedUnion("type", [commandSchema, autocompleteSchema, componentSchema, modalSchema])
  .refine((one) => one.member !== undefined || one.user !== undefined, "it has no user")
  .refine((one) => one.channel !== undefined || one.channel_id !== undefined, "it has no channel");
export type Interaction = z.infer<typeof interactionSchema>;
type CommandInteraction = z.infer<typeof commandSchema>;
export type SlashInteraction = CommandInteraction & { data: z.infer<typeof chatInputSchema> };
export type MessageCommandInteraction = CommandInteraction & { data: z.infer<typeof messageCommandSchema> };
export type AutocompleteInteraction = z.infer<typeof autocompleteSchema>;
export type ComponentInteraction = z.infer<typeof componentSchema>;
export type ModalInteraction = z.infer<typeof modalSchema>;

const readySchema = z.object({
  /** Those that the bot is in. */
  guilds: z.array(z.object({ id })).max(MAX_GUILDS).catch([]),
  shard: maybe(z.tuple([z.int().nonnegative(), z.int().positive()])),
});

const guildSchema = z.object({
  id,
  joined_at: word,
  preferred_locale: maybe(word),
  system_channel_id: maybe(id),
  roles: list(z.object({ id, permissions: bits })),
  /** The bot among them. */
  members: list(z.object({ user: maybe(user), roles: list(id) })),
  channels: list(
    z.object({
      id,
      type: z.number(),
      position: maybe(z.number()),
      permission_overwrites: maybe(list(z.object({ id, allow: bits, deny: bits }))),
    }),
  ),
});
export type Guild = z.infer<typeof guildSchema>;

/** What the bot acts on. */
export type GatewayEvent =
  | { type: "ready"; shard: Shard; guildIds: string[] }
  | { type: "guild"; guild: Guild }
  | { type: "interaction"; interaction: Interaction }
  | { type: "message"; message: SaidMessage }
  | { type: "channel-gone"; id: string }
  | { type: "guild-gone"; id: string };

/** Null: none of the bot's business. Throws `ZodError` for an event that is, and is not what it should be. */
export function readEvent({ t, d }: RawEvent): GatewayEvent | null {
  switch (t) {
    case GatewayDispatchEvents.Ready: {
      const { shard = [0, 1], guilds } = readySchema.parse(d);
      return { type: "ready", shard, guildIds: guilds.map((guild) => guild.id) };
    }
    case GatewayDispatchEvents.GuildCreate: {
      const { joined_at: joinedAt } = z.object({ joined_at: maybe(word) }).parse(d);
      const isRecent = joinedAt !== undefined && Date.parse(joinedAt) > Date.now() - JOINS_FOR_MS;
      return isRecent ? { type: "guild", guild: guildSchema.parse(d) } : null;
    }
    case GatewayDispatchEvents.InteractionCreate:
      return { type: "interaction", interaction: interactionSchema.parse(d) };
    case GatewayDispatchEvents.MessageCreate:
      return { type: "message", message: messageSchema.parse(d) };
    case GatewayDispatchEvents.ThreadDelete:
    case GatewayDispatchEvents.ChannelDelete:
      return { type: "channel-gone", id: z.object({ id }).parse(d).id };
    case GatewayDispatchEvents.GuildDelete: {
      const guild = z.object({ id, unavailable: maybe(z.boolean()) }).parse(d);
      // An outage takes no guild away.
      return guild.unavailable ? null : { type: "guild-gone", id: guild.id };
    }
    default:
      return null;
  }
}

/** What an event that cannot be read calls itself, and what is wrong with it; without anything a person wrote. */
export function describeUnreadable({ t, d }: RawEvent, error: unknown): object {
  const named = z.object({ id }).safeParse(d);
  const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
  return {
    event: typeof t === "string" ? t.slice(0, 40) : null,
    id: named.data?.id ?? null,
    ...(issue ? { problem: `${issue.path.join(".")}: ${issue.message}`.slice(0, 200) } : { err: error }),
  };
}
