/**
 * Answers to interactions: the callback, the original response, follow-ups.
 * Source: Discord docs, "Receiving and Responding to Interactions", "Webhook: Execute Webhook".
 */

import type { Call, Reply, Route } from "./call.ts";
import { restView } from "./core.ts";
import { FormErrors, invalidForm, refusal } from "./errors.ts";
import { Form } from "./form.ts";
import { type InteractionState, isOnlyUserInstalled, mustBeEphemeral } from "./interactions.ts";
import { attachmentSizeLimit } from "./limits.ts";
import { checkMayBecome, isEmptyDraft, type MessageDraft, readMessage } from "./message-form.ts";
import { createMessage, deleteMessage, editMessage, mentionsIn, storeUploads } from "./messages.ts";
import { checkModal } from "./modals.ts";
import { asObject } from "./request-body.ts";
import { checkSizes, watchMentions } from "./sending.ts";
import { messageWire } from "./serialize-message.ts";
import {
  CallbackType,
  InteractionType,
  isObject,
  type JsonObject,
  MessageFlag,
  MessageType,
} from "./wire.ts";
import type { MessageState } from "./world.ts";

const MAX_FOLLOW_UPS = 5;

/** Routes of interactions. None needs the bot's token: the interaction's own is in the path. */
export function interactionRoutes(): Route[] {
  const webhook = "/webhooks/:webhook/:token";
  const message = `${webhook}/messages/:message`;
  const auth = "none" as const;
  return [
    { method: "POST", template: "/interactions/:interaction/:token/callback", auth, handle: callback },
    { method: "POST", template: webhook, auth, handle: followUp },
    { method: "GET", template: message, auth, handle: get },
    { method: "PATCH", template: message, auth, handle: edit },
    { method: "DELETE", template: message, auth, handle: remove },
  ];
}

function callback(call: Call): Reply {
  const { core } = call;
  const body = asObject(call.json);
  const interaction = call.interactions.forCallback(call.param("interaction"), call.param("token"));
  const errors = new FormErrors();
  const form = new Form(body, [], errors);
  const type = form.integer("type", { choices: allowedTypes(interaction), isRequired: true });
  errors.throwIfAny();
  const data = isObject(body.data) ? body.data : {};
  switch (type) {
    case CallbackType.message: {
      const draft = readAnswer(call, interaction, data);
      call.interactions.answer(interaction, type, data);
      interaction.original = post(call, interaction, draft, null);
      break;
    }
    case CallbackType.deferredMessage: {
      const flags = checkDeferFlags(data);
      call.interactions.answer(interaction, type, data);
      const draft: MessageDraft = { ...emptyDraft(), flags: flags | MessageFlag.loading };
      interaction.original = post(call, interaction, draft, null);
      break;
    }
    case CallbackType.deferredUpdate:
      call.interactions.answer(interaction, type, data);
      interaction.original = interaction.componentMessage;
      break;
    case CallbackType.update: {
      const target = interaction.componentMessage;
      if (target === null) throw refusal("unknownMessage");
      const draft = readEdit(call, interaction, target, data, ["data"]);
      call.interactions.answer(interaction, type, data);
      interaction.original = target;
      if (!target.isDeleted) editMessage(core, target, draft);
      break;
    }
    case CallbackType.autocomplete:
      checkChoices(data);
      call.interactions.answer(interaction, type, data);
      break;
    default: {
      const modal = new Form(data, ["data"], errors);
      checkModal(modal);
      errors.throwIfAny();
      call.interactions.answer(interaction, CallbackType.modal, data);
    }
  }
  core.changes.emit("change");
  if (call.query.get("with_response") !== "true") return { status: 204 };
  return { status: 200, body: callbackResponse(call, interaction, type ?? 0) };
}

/** Which answers an interaction of this type takes. */
function allowedTypes(interaction: InteractionState): number[] {
  if (interaction.type === InteractionType.autocomplete) return [CallbackType.autocomplete];
  const messages = [CallbackType.message, CallbackType.deferredMessage];
  const updates =
    interaction.componentMessage === null ? [] : [CallbackType.deferredUpdate, CallbackType.update];
  const modals = interaction.type === InteractionType.modalSubmit ? [] : [CallbackType.modal];
  return [...messages, ...updates, ...modals];
}

function callbackResponse(call: Call, interaction: InteractionState, type: number): JsonObject {
  const { original } = interaction;
  const isMessage = type === CallbackType.message || type === CallbackType.deferredMessage;
  const hasMessage = isMessage || type === CallbackType.update;
  return {
    interaction: {
      id: interaction.id,
      type: interaction.type,
      ...(original === null
        ? {}
        : {
            response_message_id: original.id,
            response_message_loading: (original.flags & MessageFlag.loading) !== 0,
            response_message_ephemeral: (original.flags & MessageFlag.ephemeral) !== 0,
          }),
    },
    ...(hasMessage && original !== null
      ? { resource: { type, message: messageWire(original, restView(call.core)) } }
      : {}),
  };
}

function checkDeferFlags(data: JsonObject): number {
  const flags = Number(data.flags ?? 0);
  if ((flags & ~MessageFlag.ephemeral) !== 0)
    throw invalidForm(
      ["data", "flags"],
      "MESSAGE_FLAGS_INVALID",
      "Only the EPHEMERAL flag can be set when deferring",
    );
  return flags;
}

function checkChoices(data: JsonObject): void {
  const errors = new FormErrors();
  const form = new Form(data, ["data"], errors);
  for (const choice of form.children("choices", { max: 25, isRequired: true }) ?? []) {
    choice.text("name", { min: 1, max: 100, isRequired: true });
    if (typeof choice.value.value !== "number") choice.text("value", { max: 100, isRequired: true });
  }
  errors.throwIfAny();
}

function followUp(call: Call): Reply {
  const { core } = call;
  const interaction = webhookInteraction(call);
  const body = asObject(call.json);
  const { original } = interaction;
  const isDeferred = original !== null && !original.isDeleted && (original.flags & MessageFlag.loading) !== 0;
  // The first follow-up of a deferred answer fills it, as the deprecated rule still has it.
  if (isDeferred && interaction.callback?.type === CallbackType.deferredMessage) {
    const draft = readEdit(call, interaction, original, { ...body, flags: undefined }, []);
    editMessage(core, original, draft);
    return reply(call, original);
  }
  const draft = readAnswer(call, interaction, body, []);
  if (isOnlyUserInstalled(interaction) && interaction.followUpCount >= MAX_FOLLOW_UPS)
    throw refusal("tooManyFollowUps");
  const message = post(call, interaction, draft, original?.id ?? null);
  interaction.followUpCount += 1;
  interaction.followUps.push(message);
  core.changes.emit("change");
  return reply(call, message);
}

function get(call: Call): Reply {
  return reply(call, webhookMessage(call).message);
}

function edit(call: Call): Reply {
  const { interaction, message } = webhookMessage(call);
  if (message.channel.thread?.isArchived === true) throw refusal("archivedThread");
  const draft = readEdit(call, interaction, message, asObject(call.json), []);
  editMessage(call.core, message, draft);
  return reply(call, message);
}

function remove(call: Call): Reply {
  deleteMessage(call.core, webhookMessage(call).message);
  return { status: 204 };
}

function reply(call: Call, message: MessageState): Reply {
  return { status: 200, body: messageWire(message, restView(call.core), { isFull: true }) };
}

/** The interaction of the path; its channel must still be there. */
function webhookInteraction(call: Call): InteractionState {
  const interaction = call.interactions.forWebhook(call.param("webhook"), call.param("token"));
  if (interaction.channel.isDeleted) throw refusal("unknownChannel");
  return interaction;
}

function webhookMessage(call: Call): { interaction: InteractionState; message: MessageState } {
  const interaction = webhookInteraction(call);
  const id = call.param("message");
  const own = [interaction.original, ...interaction.followUps];
  const message = id === "@original" ? interaction.original : own.find((one) => one?.id === id);
  if (message === null || message === undefined || message.isDeleted) throw refusal("unknownMessage");
  return { interaction, message };
}

function readAnswer(
  call: Call,
  interaction: InteractionState,
  data: JsonObject,
  path: readonly string[] = ["data"],
): MessageDraft {
  const draft = readMessage(data, call.files, "interaction", { path });
  watchMentions(call, data);
  if (isEmptyDraft(draft)) throw refusal("emptyMessage");
  checkSizes(draft, attachmentSizeLimit(call.core, interaction));
  return draft;
}

function readEdit(
  call: Call,
  interaction: InteractionState,
  target: MessageState,
  data: JsonObject,
  path: readonly string[],
): MessageDraft {
  const draft = readMessage(data, call.files, "edit", {
    path,
    isV2Already: (target.flags & MessageFlag.componentsV2) !== 0,
    keptFileNames: target.attachments.map((one) => one.filename),
  });
  checkMayBecome(target, draft);
  watchMentions(call, data);
  checkSizes(draft, attachmentSizeLimit(call.core, interaction));
  const after: MessageDraft = {
    ...draft,
    content: draft.content ?? target.content,
    embeds: draft.embeds ?? target.embeds,
    components: draft.components ?? target.components,
  };
  const keeps = draft.attachments === undefined ? target.attachments.length : draft.attachments.length;
  if (isEmptyDraft(after) && keeps === 0) throw refusal("emptyMessage");
  return draft;
}

function post(
  call: Call,
  interaction: InteractionState,
  draft: MessageDraft,
  originalId: string | null,
): MessageState {
  const { core } = call;
  const isEphemeral =
    ((draft.flags ?? 0) & MessageFlag.ephemeral) !== 0 || mustBeEphemeral(core, interaction);
  const content = (draft.content ?? "").trim();
  const isFollowUp = originalId !== null || interaction.original !== null;
  return createMessage(core, {
    channel: interaction.channel,
    author: core.world.bot,
    content,
    type: answerType(interaction, isFollowUp),
    attachments: storeUploads(core, interaction.channel.id, draft.files, draft.attachments),
    embeds: draft.embeds ?? [],
    components: draft.components ?? [],
    flags: (draft.flags ?? 0) | (isEphemeral ? MessageFlag.ephemeral : 0),
    mentions: mentionsIn(core, content, draft.allowedMentions, "all"),
    reference: referenceOf(interaction, originalId),
    interaction: {
      ...interaction.metadata,
      ...(originalId === null ? {} : { original_response_message_id: originalId }),
    },
    interactionToken: interaction.token,
    visibleTo: isEphemeral ? interaction.user : null,
  });
}

function answerType(interaction: InteractionState, isFollowUp: boolean): number {
  if (isFollowUp) return MessageType.reply;
  if (interaction.type !== InteractionType.command) return MessageType.reply;
  return interaction.source === null ? MessageType.chatInputCommand : MessageType.contextMenuCommand;
}

function referenceOf(
  interaction: InteractionState,
  originalId: string | null,
): { messageId: string; channelId: string } | null {
  const messageId = originalId ?? interaction.source?.id ?? null;
  return messageId === null ? null : { messageId, channelId: interaction.channel.id };
}

function emptyDraft(): MessageDraft {
  return {
    content: "",
    embeds: undefined,
    components: undefined,
    flags: undefined,
    attachments: undefined,
    nonce: undefined,
    isNonceEnforced: false,
    reference: undefined,
    allowedMentions: undefined,
    files: [],
  };
}
