/** A well-formed event of every kind that Discord documents, the more detailed the more the bot has to do with it. */
import {
  ApplicationCommandType,
  ComponentType,
  GatewayDispatchEvents,
  InteractionType,
} from "discord-api-types/v10";

export interface EventSample {
  t: string;
  d: unknown;
}

/** Where the events happen; the ids are those of the fake's world, so that what stays readable is acted on. */
export interface SamplePlace {
  applicationId: string;
  botId: string;
  userId: string;
  guildId: string;
  channelId: string;
  dmId: string;
  /** A fresh id. */
  nextId: () => string;
}

/** Makes one event of each kind, several where they come in several forms. */
export function eventSamples(place: SamplePlace): (() => EventSample)[] {
  const detailed = [
    ...messages(place).map((make) => () => ({ t: GatewayDispatchEvents.MessageCreate, d: make() })),
    ...interactions(place).map((make) => () => ({ t: GatewayDispatchEvents.InteractionCreate, d: make() })),
    () => ({ t: GatewayDispatchEvents.Ready, d: ready(place) }),
    () => ({ t: GatewayDispatchEvents.GuildDelete, d: { id: place.nextId(), unavailable: true } }),
    () => ({ t: GatewayDispatchEvents.GuildDelete, d: { id: place.nextId() } }),
    () => ({
      t: GatewayDispatchEvents.ChannelDelete,
      d: { id: place.nextId(), guild_id: place.guildId, type: 0 },
    }),
    () => ({
      t: GatewayDispatchEvents.ThreadDelete,
      d: { id: place.nextId(), guild_id: place.guildId, type: 11 },
    }),
  ];
  const done = new Set([
    "MESSAGE_CREATE",
    "INTERACTION_CREATE",
    "READY",
    "GUILD_DELETE",
    "CHANNEL_DELETE",
    "THREAD_DELETE",
  ]);
  const others = Object.values(GatewayDispatchEvents).filter((t) => !done.has(t));
  return [...detailed, ...others.map((t) => () => ({ t, d: anything(place) }))];
}

function user(id: string) {
  return { id, username: "ann", discriminator: "0", global_name: "Ann", avatar: null, bot: false };
}

function attachment({ nextId }: SamplePlace) {
  return {
    id: nextId(),
    filename: "clip.mp4",
    size: 1_000,
    url: "https://cdn.example.org/clip.mp4?ex=7fffffff",
    proxy_url: "https://media.example.org/clip.mp4",
    content_type: "video/mp4",
  };
}

function poll() {
  return {
    question: { text: "Which song?" },
    answers: [{ answer_id: 1, poll_media: { text: "This one", emoji: { id: null, name: "🎬" } } }],
    expiry: "2030-01-01T00:00:00+00:00",
    allow_multiselect: false,
    layout_type: 1,
    results: { is_finalized: false, answer_counts: [{ id: 1, count: 2, me_voted: false }] },
  };
}

function message(place: SamplePlace, changes: object = {}) {
  const { nextId, channelId, guildId, userId, botId } = place;
  return {
    id: nextId(),
    channel_id: channelId,
    guild_id: guildId,
    type: 0,
    author: user(userId),
    member: { roles: [], joined_at: "2020-01-01T00:00:00+00:00", deaf: false, mute: false, flags: 0 },
    content: `<@${botId}> help`,
    timestamp: "2026-01-01T00:00:00+00:00",
    edited_timestamp: null,
    tts: false,
    mention_everyone: false,
    mentions: [user(botId)],
    mention_roles: [],
    attachments: [],
    embeds: [],
    components: [],
    pinned: false,
    flags: 0,
    ...changes,
  };
}

function messages(place: SamplePlace): (() => object)[] {
  const snapshot = () => ({
    message: { type: 0, content: "far", attachments: [attachment(place)], mentions: [] },
  });
  return [
    () => message(place),
    () => message(place, { channel_id: place.dmId, guild_id: undefined, content: "help", mentions: [] }),
    () => message(place, { poll: poll(), content: "" }),
    () => message(place, { message_reference: { type: 1 }, message_snapshots: [snapshot()], content: "" }),
    () => message(place, { attachments: [attachment(place)], content: "" }),
    () =>
      message(place, {
        type: 19,
        message_reference: { message_id: place.nextId(), channel_id: place.channelId },
        referenced_message: message(place, { attachments: [attachment(place)], poll: poll() }),
      }),
    () => message(place, { webhook_id: place.nextId() }),
    () => message(place, { type: 46, embeds: [{ type: "poll_result" }] }),
  ];
}

function interaction(place: SamplePlace, type: number, data: object, changes: object = {}) {
  const { nextId, applicationId, guildId, channelId, userId } = place;
  return {
    id: nextId(),
    application_id: applicationId,
    type,
    token: `token-${nextId()}`,
    version: 1,
    guild_id: guildId,
    guild: { id: guildId, locale: "en-US", features: [] },
    guild_locale: "en-US",
    channel_id: channelId,
    channel: { id: channelId, type: 0, name: "videos", parent_id: null, permissions: "2147483647" },
    member: { user: user(userId), roles: [], permissions: "2147483647", joined_at: null },
    locale: "en-US",
    app_permissions: "2147483647",
    entitlements: [],
    authorizing_integration_owners: { 0: guildId },
    context: 0,
    attachment_size_limit: 10_485_760,
    data,
    ...changes,
  };
}

function interactions(place: SamplePlace): (() => object)[] {
  const { nextId, userId, channelId } = place;
  const slash =
    (name: string, options: object[] = [], resolved: object = {}) =>
    () =>
      interaction(place, InteractionType.ApplicationCommand, {
        id: nextId(),
        name,
        type: ApplicationCommandType.ChatInput,
        options,
        resolved,
      });
  const ofOwnApp = {
    guild: undefined,
    authorizing_integration_owners: { 1: userId },
    app_permissions: "0",
  };
  const onMessage = (changes: object) => () => {
    const target = message(place, changes);
    const data = {
      id: nextId(),
      name: "Edit this video",
      type: ApplicationCommandType.Message,
      target_id: target.id,
      resolved: { messages: { [target.id]: target } },
    };
    return interaction(place, InteractionType.ApplicationCommand, data, ofOwnApp);
  };
  const component = (data: object) => () =>
    interaction(place, InteractionType.MessageComponent, data, { message: message(place, { poll: poll() }) });
  const file = attachment(place);
  return [
    slash("help"),
    slash("status"),
    slash("skill", [{ name: "name", type: 3, value: "film-maker" }]),
    slash("threads", [{ name: "on", type: 5, value: true }]),
    slash("upload", [{ name: "clip", type: 11, value: file.id }], { attachments: { [file.id]: file } }),
    () =>
      interaction(
        place,
        InteractionType.ApplicationCommand,
        { id: nextId(), name: "credits", type: ApplicationCommandType.ChatInput },
        { guild_id: undefined, guild: undefined, member: undefined, user: user(userId), context: 1 },
      ),
    onMessage({ poll: poll(), content: "" }),
    onMessage({ attachments: [file] }),
    onMessage({ content: "https://example.org/clip.mp4" }),
    () =>
      interaction(place, InteractionType.ApplicationCommandAutocomplete, {
        id: nextId(),
        name: "skill",
        type: ApplicationCommandType.ChatInput,
        options: [{ name: "name", type: 3, value: "fi", focused: true }],
      }),
    component({ custom_id: "s", component_type: ComponentType.Button }),
    component({ custom_id: "#unknown", component_type: ComponentType.Button }),
    component({
      custom_id: "menu:skill",
      component_type: ComponentType.StringSelect,
      values: ["sk:film-maker"],
    }),
    () =>
      interaction(place, InteractionType.ModalSubmit, {
        custom_id: "window:none",
        components: [{ type: 1, components: [{ type: 4, custom_id: "prompt", value: "status" }] }],
      }),
    () =>
      interaction(place, InteractionType.ModalSubmit, {
        custom_id: "form:new",
        components: [
          { type: 18, component: { type: 19, custom_id: "clips", values: ["1000000000000000009"] } },
          { type: 18, component: { type: 4, custom_id: "prompt", value: "status" } },
          { type: 18, component: { type: 21, custom_id: "ratio", value: null } },
          { type: 18, component: { type: 3, custom_id: "skill", values: ["film-maker"] } },
        ],
        resolved: { attachments: {} },
      }),
    () => interaction(place, 1, { ping: channelId }),
  ];
}

function ready(place: SamplePlace) {
  return {
    v: 10,
    user: user(place.botId),
    guilds: [{ id: place.guildId, unavailable: true }],
    session_id: "0123456789abcdef0123456789abcdef",
    resume_gateway_url: "ws://127.0.0.1:1/gateway/resume",
    shard: [0, 1],
    application: { id: place.applicationId, flags: 0 },
  };
}

/** What the events that the bot has no use for have in common, all at once. */
function anything(place: SamplePlace) {
  const { nextId, guildId, channelId, userId } = place;
  return {
    ...message(place, { poll: poll() }),
    user_id: userId,
    user: user(userId),
    users: [user(userId)],
    role: { id: nextId(), name: "role", permissions: "0" },
    role_id: nextId(),
    message_id: nextId(),
    ids: [nextId()],
    answer_id: 1,
    emoji: { id: null, name: "🎬" },
    emojis: [],
    stickers: [],
    threads: [{ id: nextId(), type: 11, guild_id: guildId, parent_id: channelId }],
    members: [],
    presences: [],
    channels: [{ id: channelId, type: 0 }],
    code: "abc",
    endpoint: null,
    rule_id: nextId(),
    action: { type: 1 },
    entity_type: 1,
    sku_id: nextId(),
    status: "online",
    activities: [],
    opcode: 8,
    retry_after: 1,
    meta: { guild_id: guildId },
  };
}
