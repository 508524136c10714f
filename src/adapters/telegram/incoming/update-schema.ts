/**
 * Telegram's updates as far as we read them. Nothing else of an update goes further: whatever a faulty server or a
 * later Bot API sends, what is behind this file has the types it says. Source: Bot API 10, Update, Message,
 * CallbackQuery, MessageGenerationStopped,
 * ChatMemberUpdated.
 */
import { z } from "zod";

/** Ids of files are about 80 characters; Telegram promises no length. */
const MAX_ID_LENGTH = 512;
const MAX_NAME_LENGTH = 512;
/** Telegram sends 100 of them at most. */
const MAX_ENTITIES = 200;
const MAX_PHOTO_SIZES = 20;
/** Ids of updates are positive 32-bit numbers. */
const MAX_UPDATE_ID = 2 ** 31 - 1;

/** Words beside the point: where they cannot be read, it is as if they were not there. */
function beside<T extends z.ZodType>(schema: T) {
  return schema.optional().catch(undefined);
}

/** The elements that can be read, of the first `limit`. */
function readable<T extends z.ZodType>(schema: T, limit: number) {
  return z.array(z.unknown()).transform((list) =>
    list.slice(0, limit).flatMap((one) => {
      const read = schema.safeParse(one);
      return read.success ? [read.data] : [];
    }),
  );
}

const name = beside(z.string().max(MAX_NAME_LENGTH));
/** All that counts is that it is there. */
const present = z
  .unknown()
  .transform(() => true as const)
  .optional();

const user = z.object({
  id: z.int(),
  is_bot: z.boolean(),
  first_name: name,
  last_name: name,
  language_code: beside(z.string().regex(/^[a-z]{2,8}([-_][a-z0-9]{1,8}){0,4}$/i)),
});

const chat = z.object({
  id: z.int(),
  /** `private`, `group`, `supergroup`, `channel`, and whatever comes later. */
  type: z.string(),
  is_forum: beside(z.boolean()),
});

const file = z.object({
  file_id: z.string().min(1).max(MAX_ID_LENGTH),
  file_size: beside(z.int().nonnegative()),
  file_name: name,
  mime_type: name,
});

const media = {
  animation: file.optional(),
  video: file.optional(),
  audio: file.optional(),
  document: file.optional(),
  voice: file.optional(),
  video_note: file.optional(),
  photo: readable(file.extend({ width: z.number(), height: z.number() }), MAX_PHOTO_SIZES).optional(),
};

const entities = beside(
  readable(
    z.object({
      type: z.string(),
      offset: z.int().nonnegative(),
      length: z.int().positive(),
      user: beside(z.object({ id: z.int() })),
    }),
    MAX_ENTITIES,
  ),
);

/** Where a message is. Of a message that is not accessible any more this is all there is. */
const place = z.object({
  message_id: z.int(),
  message_thread_id: z.int().optional(),
  is_topic_message: z.boolean().optional(),
  chat,
});

/** Who, where and what must be as the Bot API says; what only helps may be anything. */
export const messageSchema = place.extend({
  from: user.optional(),
  sender_chat: z.object({ id: z.int() }).optional(),
  media_group_id: z.string().min(1).max(MAX_ID_LENGTH).optional(),
  text: z.string().optional(),
  entities,
  caption: z.string().optional(),
  caption_entities: entities,
  ...media,
  reply_to_message: beside(
    z.object({
      message_id: z.int(),
      from: beside(user),
      forum_topic_created: present,
      ...media,
    }),
  ),
  sticker: present,
  location: present,
  contact: present,
  migrate_to_chat_id: z.int().optional(),
  migrate_from_chat_id: z.int().optional(),
  new_chat_members: present,
  left_chat_member: present,
  new_chat_title: present,
  new_chat_photo: present,
  delete_chat_photo: present,
  group_chat_created: present,
  supergroup_chat_created: present,
  channel_chat_created: present,
  pinned_message: present,
  /** With a name that no person has chosen, the bot may give it one. */
  forum_topic_created: z
    .object({ is_name_implicit: beside(z.boolean()) })
    .optional()
    .catch({}),
  forum_topic_edited: present,
  forum_topic_closed: present,
  forum_topic_reopened: present,
  general_forum_topic_hidden: present,
  general_forum_topic_unhidden: present,
  video_chat_started: present,
  video_chat_ended: present,
  video_chat_scheduled: present,
  video_chat_participants_invited: present,
  message_auto_delete_timer_changed: present,
  boost_added: present,
  chat_background_set: present,
  write_access_allowed: present,
});

const member = z.object({
  status: z.string(),
  /** Of one that is restricted. */
  is_member: beside(z.boolean()),
});

/** An update of one of the kinds we ask for; any other kind has its id alone. */
export const updateSchema = z.object({
  update_id: z.int().positive().max(MAX_UPDATE_ID),
  message: messageSchema.optional(),
  edited_message: messageSchema.optional(),
  callback_query: z
    .object({
      id: z.string().min(1).max(MAX_ID_LENGTH),
      from: user,
      message: beside(place),
      data: beside(z.string()),
    })
    .optional(),
  /** A person stopped a draft that grew. The draft names it; who it was is clear: the chat is private. */
  stopped_message_generation: z
    .object({ chat, message_thread_id: z.int().optional(), draft_id: z.int() })
    .optional(),
  my_chat_member: z
    .object({ chat, from: user, old_chat_member: beside(member), new_chat_member: member })
    .optional(),
});

export type User = z.infer<typeof user>;
export type Place = z.infer<typeof place>;
export type Message = z.infer<typeof messageSchema>;
export type Media = Pick<Message, keyof typeof media>;
export type Update = z.infer<typeof updateSchema>;
export type CallbackQuery = NonNullable<Update["callback_query"]>;
export type StoppedDraft = NonNullable<Update["stopped_message_generation"]>;
export type ChatMemberUpdated = NonNullable<Update["my_chat_member"]>;
export type MessageEntity = NonNullable<Message["entities"]>[number];

/** What cannot be read, in words for the log: nothing in it comes from people. */
export interface Unreadable {
  /** Null: it has no id that could be one. */
  updateId: number | null;
  /** The name of its kind, such as `message`. */
  type: string;
  /** The first fields that are not as they should be, such as `message.chat.id`. */
  fields: string;
}

/** Reads one update as it came over the wire. */
export function readUpdate(
  raw: unknown,
): { kind: "update"; update: Update } | ({ kind: "unreadable" } & Unreadable) {
  const read = updateSchema.safeParse(raw);
  if (read.success) return { kind: "update", update: read.data };
  const id = z.object({ update_id: updateSchema.shape.update_id }).safeParse(raw);
  return {
    kind: "unreadable",
    updateId: id.data?.update_id ?? null,
    type: typeOf(raw),
    fields: read.error.issues
      .slice(0, 3)
      .map(({ path }) => path.join(".") || "the update")
      .join(", "),
  };
}

/** The first name that could be a kind of update. */
function typeOf(raw: unknown): string {
  if (typeof raw !== "object" || raw === null) return "nothing";
  const type = Object.keys(raw).find((key) => key !== "update_id" && /^[a-z_]{1,40}$/.test(key));
  return type ?? "unknown";
}
