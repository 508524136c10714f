/**
 * One update of every kind and one message of every content that the Bot API documents, up to 10.3, as a faultless
 * server sends them. Source: core.telegram.org/bots/api, Update and Message.
 */

export type Json = null | boolean | number | string | Json[] | { [field: string]: Json };
export type Fields = { [field: string]: Json };

const DATE = 1_790_000_000;
const photo: Json = [
  { file_id: "AgACphoto1", file_unique_id: "u1", file_size: 1_500, width: 90, height: 60 },
  { file_id: "AgACphoto2", file_unique_id: "u2", file_size: 90_000, width: 1280, height: 720 },
];
const file = (id: string, rest: Fields = {}): Fields => ({
  file_id: id,
  file_unique_id: `u${id}`,
  file_size: 20_000,
  ...rest,
});
const video = file("BAACvideo", {
  file_name: "holiday.mp4",
  mime_type: "video/mp4",
  width: 1280,
  height: 720,
  duration: 9,
});
const somebody: Fields = { id: 71_000_001, is_bot: false, first_name: "Bea", username: "bea" };
const elsewhere: Fields = { id: -1_000_000_777_001, type: "supergroup", title: "Elsewhere" };
const channel: Fields = { id: -1_000_000_777_002, type: "channel", title: "News" };
const gift: Fields = { gift: { id: "g1", sticker: file("CAACgift"), star_count: 15 }, text: "for you" };
const price: Fields = { currency: "XTR", total_amount: 5 };
const video_chat: Fields = { start_date: DATE + 60 };
const post: Fields = { suggested_post_message: { message_id: 3, chat: channel, date: DATE } };
const task: Fields = { id: 1, text: "cut the intro" };

/** What a message can hold, by the field that names it; some need another beside it. */
export const CONTENTS: Fields[] = [
  { text: "help", entities: [] },
  { text: "/help", entities: [{ type: "bot_command", offset: 0, length: 5 }] },
  { text: "/cancel", entities: [{ type: "bot_command", offset: 0, length: 7 }] },
  { text: "status" },
  { text: "make it shorter", entities: [{ type: "bold", offset: 0, length: 4 }] },
  { text: "@nemobot help", entities: [{ type: "mention", offset: 0, length: 8 }] },
  { text: "see here", entities: [{ type: "text_link", offset: 0, length: 3, url: "https://example.com/" }] },
  { text: "Nemo help", entities: [{ type: "text_mention", offset: 0, length: 4, user: somebody }] },
  { text: "help", reply_to_message: { message_id: 4, date: DATE, chat: elsewhere, from: somebody, video } },
  {
    text: "help",
    quote: { text: "that", position: 0 },
    external_reply: { origin: { type: "user", date: DATE } },
  },
  { text: "help", reply_to_story: { chat: channel, id: 5 }, reply_to_checklist_task_id: 1 },
  { text: "help", forward_origin: { type: "channel", date: DATE, chat: channel, message_id: 8 } },
  { text: "help", is_automatic_forward: true, sender_chat: channel, author_signature: "An editor" },
  { text: "help", business_connection_id: "b1", sender_business_bot: somebody, is_from_offline: true },
  { text: "help", guest_query_id: "q1", guest_bot_caller_user: somebody, guest_bot_caller_chat: elsewhere },
  {
    text: "help",
    effect_id: "5104841245755180586",
    paid_star_count: 3,
    is_paid_post: true,
    sender_tag: "pro",
  },
  {
    text: "help",
    direct_messages_topic: { topic_id: 9, user: somebody },
    suggested_post_info: { state: "pending" },
  },
  { text: "help", is_topic_message: true, message_thread_id: 12 },
  { rich_message: { blocks: [{ type: "paragraph", text: { type: "plain", text: "hello" } }] } },
  { animation: file("CgACanim", { duration: 2, width: 320, height: 240 }), document: file("CgACanim") },
  { audio: file("CQACaudio", { duration: 30, mime_type: "audio/mpeg", file_name: "song.mp3" }) },
  { document: file("BQACdoc", { file_name: "raw.mkv", mime_type: "video/x-matroska" }), caption: "help" },
  { live_photo: { ...file("LPACphoto"), photo } },
  {
    paid_media: {
      star_count: 5,
      paid_media: [
        { type: "preview", width: 320 },
        { type: "video", video },
      ],
    },
  },
  { photo, caption: "status" },
  { sticker: file("CAACsticker", { type: "regular", width: 512, height: 512, emoji: "👍" }) },
  { story: { chat: channel, id: 6 } },
  { video, caption: "help", caption_entities: [{ type: "italic", offset: 0, length: 4 }] },
  { video, media_group_id: "14000000000777001", has_media_spoiler: true },
  { video_note: file("DQACnote", { length: 240, duration: 4 }) },
  { voice: file("AwACvoice", { duration: 3, mime_type: "audio/ogg" }) },
  { checklist: { title: "To cut", tasks: [task] } },
  { contact: { phone_number: "+100", first_name: "Cem", user_id: 71_000_002 } },
  { dice: { emoji: "🎲", value: 4 } },
  { game: { title: "Race", description: "fast", photo } },
  { poll: { id: "p1", question: "Which cut?", options: [{ text: "one", voter_count: 0 }], type: "regular" } },
  { venue: { location: { latitude: 52.5, longitude: 13.4 }, title: "Studio", address: "Here 1" } },
  { location: { latitude: 52.5, longitude: 13.4, live_period: 60 } },
  { new_chat_members: [somebody] },
  { left_chat_member: somebody },
  { chat_owner_left: { new_owner: somebody } },
  { chat_owner_changed: { new_owner: somebody } },
  { new_chat_title: "New name" },
  { new_chat_photo: photo },
  { delete_chat_photo: true },
  { group_chat_created: true },
  { supergroup_chat_created: true },
  { channel_chat_created: true },
  { message_auto_delete_timer_changed: { message_auto_delete_time: 86_400 } },
  { chat: { id: -4_777_003, type: "group", title: "Old" }, migrate_to_chat_id: -1_000_000_777_003 },
  { chat: elsewhere, migrate_from_chat_id: -4_777_001 },
  { pinned_message: { message_id: 2, chat: elsewhere, date: 0 } },
  { invoice: { title: "Tip", description: "thanks", start_parameter: "", ...price } },
  { successful_payment: { ...price, invoice_payload: "x", telegram_payment_charge_id: "c" } },
  { refunded_payment: { ...price, invoice_payload: "x", telegram_payment_charge_id: "c" } },
  { users_shared: { request_id: 1, users: [{ user_id: 71_000_003 }] } },
  { chat_shared: { request_id: 1, chat_id: -1_000_000_777_004 } },
  { gift },
  { unique_gift: { gift: { base_name: "Cap", number: 7 }, origin: "upgrade" } },
  { gift_upgrade_sent: gift },
  { connected_website: "example.com" },
  { write_access_allowed: { from_request: true } },
  { passport_data: { data: [], credentials: { data: "", hash: "", secret: "" } } },
  { proximity_alert_triggered: { traveler: somebody, watcher: somebody, distance: 10 } },
  { boost_added: { boost_count: 1 } },
  { chat_background_set: { type: { type: "fill", dark_theme_dimming: 1 } } },
  { checklist_tasks_done: { marked_as_done_task_ids: [1] } },
  { checklist_tasks_added: { tasks: [task] } },
  { direct_message_price_changed: { are_direct_messages_enabled: true } },
  {
    forum_topic_created: { name: "Clips", icon_color: 7_322_096 },
    message_thread_id: 30,
    is_topic_message: true,
  },
  { forum_topic_edited: { name: "Cuts" } },
  { forum_topic_closed: {} },
  { forum_topic_reopened: {} },
  { general_forum_topic_hidden: {} },
  { general_forum_topic_unhidden: {} },
  { giveaway_created: { prize_star_count: 5 } },
  { giveaway: { chats: [channel], winners_selection_date: DATE, winner_count: 1 } },
  { giveaway_winners: { chat: channel, giveaway_message_id: 1, winner_count: 1, winners: [somebody] } },
  { giveaway_completed: { winner_count: 0 } },
  { managed_bot_created: { bot: { ...somebody, is_bot: true } } },
  { paid_message_price_changed: { paid_message_star_count: 3 } },
  { poll_option_added: { option_persistent_id: "o1", option_text: "two" } },
  { poll_option_deleted: { option_persistent_id: "o1", option_text: "two" } },
  { suggested_post_approved: { ...post, send_date: DATE } },
  { suggested_post_approval_failed: { ...post, price } },
  { suggested_post_declined: { ...post, comment: "no" } },
  { suggested_post_paid: { ...post, currency: "XTR", amount: 5 } },
  { suggested_post_refunded: { ...post, reason: "post_deleted" } },
  { video_chat_scheduled: video_chat },
  { video_chat_started: {} },
  { video_chat_ended: { duration: 60 } },
  { video_chat_participants_invited: { users: [somebody] } },
  { web_app_data: { data: "{}", button_text: "Open" } },
  { text: "help", reply_markup: { inline_keyboard: [[{ text: "Help", callback_data: "h" }]] } },
];

/** Who writes, and where. */
export interface Origin {
  chat: Fields;
  from: Fields;
}

/** A message of that content. */
export function messageSample({ chat, from }: Origin, messageId: number, content: Fields): Fields {
  return { message_id: messageId, from, chat, date: DATE, ...content };
}

/** Updates of every kind but those that carry a message. */
export function otherSamples({ chat, from }: Origin, messageId: number): Fields[] {
  const ours: Fields = { message_id: messageId, date: DATE, chat, text: "Well?" };
  const member = { user: from, status: "member" };
  const press: Fields = { id: `4${messageId}`, from, chat_instance: "1", data: "h" };
  const change: Fields = { chat, from, date: DATE, old_chat_member: member };
  const boost: Fields = { boost_id: "b", expiration_date: DATE, source: { source: "premium", user: from } };
  return [
    { callback_query: { ...press, message: ours } },
    { callback_query: { ...press, message: { message_id: messageId, chat, date: 0 } } },
    { callback_query: { ...press, inline_message_id: "i1" } },
    { callback_query: { ...press, message: ours, game_short_name: "race", data: "#AAAAAAAAAAAAAAAAAAAAAA" } },
    { my_chat_member: { ...change, new_chat_member: member } },
    { my_chat_member: { ...change, chat: elsewhere, new_chat_member: { ...member, status: "kicked" } } },
    {
      chat_member: {
        ...change,
        new_chat_member: { ...member, status: "restricted" },
        via_join_request: true,
      },
    },
    { chat_join_request: { chat, from, user_chat_id: 71_000_001, date: DATE, bio: "hi" } },
    { business_connection: { id: "b1", user: from, user_chat_id: 71_000_001, date: DATE, is_enabled: true } },
    { deleted_business_messages: { business_connection_id: "b1", chat, message_ids: [1, 2] } },
    {
      message_reaction: {
        chat,
        message_id: messageId,
        user: from,
        date: DATE,
        old_reaction: [],
        new_reaction: [],
      },
    },
    { message_reaction_count: { chat, message_id: messageId, date: DATE, reactions: [] } },
    { inline_query: { id: "i", from, query: "cut", offset: "" } },
    { chosen_inline_result: { result_id: "r", from, query: "cut" } },
    { shipping_query: { id: "s", from, invoice_payload: "x", shipping_address: {} } },
    { pre_checkout_query: { id: "c", from, ...price, invoice_payload: "x" } },
    { purchased_paid_media: { from, paid_media_payload: "x" } },
    { poll: { id: "p1", question: "Which cut?", options: [], total_voter_count: 0, is_closed: true } },
    { poll_answer: { poll_id: "p1", user: from, option_ids: [0] } },
    { chat_boost: { chat, boost } },
    { removed_chat_boost: { chat, boost_id: "b", remove_date: DATE, source: { source: "premium" } } },
    { managed_bot: { user: from, bot: { ...somebody, is_bot: true } } },
  ];
}

/** The kinds of updates that carry a message. */
export const MESSAGE_KINDS = [
  "message",
  "message",
  "message",
  "edited_message",
  "channel_post",
  "edited_channel_post",
  "business_message",
  "edited_business_message",
  "guest_message",
];
