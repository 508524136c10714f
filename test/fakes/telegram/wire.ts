/**
 * Shapes the Bot API puts on the wire, as far as the fake speaks them.
 * Source: core.telegram.org/bots/api, "Available types".
 */

/** A user or a bot. */
export interface WireUser {
  id: number;
  is_bot: boolean;
  first_name: string;
  last_name?: string;
  username?: string;
  language_code?: string;
}

/** A chat as messages carry it. */
export interface WireChat {
  id: number;
  type: "private" | "group" | "supergroup";
  title?: string;
  username?: string;
  first_name?: string;
  last_name?: string;
  is_forum?: true;
}

/** A styled or recognised piece of text; offset and length count UTF-16 units. */
export interface WireEntity {
  type: string;
  offset: number;
  length: number;
  url?: string;
  user?: WireUser;
  language?: string;
  custom_emoji_id?: string;
}

/** One size of a photo or a thumbnail. */
export interface WirePhotoSize {
  file_id: string;
  file_unique_id: string;
  file_size?: number;
  width: number;
  height: number;
}

/** Any file-like object of a message: `Video`, `Document`, `Animation`, `Audio`, `Voice`, `VideoNote`. */
export interface WireMedia {
  file_id: string;
  file_unique_id: string;
  file_size: number;
  file_name?: string;
  mime_type?: string;
  duration?: number;
  width?: number;
  height?: number;
  length?: number;
  title?: string;
  performer?: string;
  thumbnail?: WirePhotoSize;
}

/** One button of an inline keyboard. */
export interface WireButton {
  text: string;
  url?: string;
  callback_data?: string;
  [field: string]: unknown;
}

/** An inline keyboard. */
export interface WireKeyboard {
  inline_keyboard: WireButton[][];
}

/** A message; exactly the fields the fake fills. */
export interface WireMessage {
  message_id: number;
  message_thread_id?: number;
  from?: WireUser;
  date: number;
  chat: WireChat;
  forward_origin?: { type: "user"; date: number; sender_user: WireUser };
  sender_chat?: WireChat;
  receiver_user?: WireUser;
  ephemeral_message_id?: number;
  is_topic_message?: true;
  reply_to_message?: WireMessage;
  edit_date?: number;
  media_group_id?: string;
  text?: string;
  entities?: WireEntity[];
  caption?: string;
  caption_entities?: WireEntity[];
  animation?: WireMedia;
  audio?: WireMedia;
  document?: WireMedia;
  photo?: WirePhotoSize[];
  video?: WireMedia;
  video_note?: WireMedia;
  voice?: WireMedia;
  new_chat_members?: WireUser[];
  left_chat_member?: WireUser;
  migrate_to_chat_id?: number;
  migrate_from_chat_id?: number;
  forum_topic_created?: { name: string; icon_color: number; is_name_implicit?: true };
  reply_markup?: WireKeyboard;
}

/** A member as `getChatMember` and `my_chat_member` tell it. */
export interface WireChatMember {
  status: "creator" | "administrator" | "member" | "left" | "kicked";
  user: WireUser;
  [right: string]: unknown;
}

/** A button that was pressed. */
interface WireCallbackQuery {
  id: string;
  from: WireUser;
  message: WireMessage;
  chat_instance: string;
  data: string;
}

/** What changed in the bot's own membership. */
interface WireChatMemberUpdated {
  chat: WireChat;
  from: WireUser;
  date: number;
  old_chat_member: WireChatMember;
  new_chat_member: WireChatMember;
}

/** What an update carries beside its id: one of these. */
export interface UpdateContent {
  message?: WireMessage;
  edited_message?: WireMessage;
  callback_query?: WireCallbackQuery;
  stopped_message_generation?: { chat: WireChat; message_thread_id?: number; draft_id: number };
  my_chat_member?: WireChatMemberUpdated;
}

/** An update as `getUpdates` and webhooks hand it over. */
export interface WireUpdate extends UpdateContent {
  update_id: number;
}

/** `T` with its absent fields really absent, so that JSON and comparisons see no `undefined`. */
export function compact<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  const kept = Object.entries(fields).filter(([, value]) => value !== undefined);
  // Only `undefined` was dropped, which the type of `fields` allows for optional fields alone in practice.
  return Object.fromEntries(kept) as T;
}
