/**
 * Refusals with the status, code and wording of the real server.
 * Source: Discord docs, "Opcodes and Status Codes", "Reference: Error Messages".
 */

import type { JsonObject } from "./wire.ts";

/** One refusal: HTTP status and JSON body. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: number;
  readonly errors: JsonObject | undefined;

  constructor(status: number, code: number, message: string, errors?: JsonObject) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.errors = errors;
  }

  /** The body of the answer. */
  toJSON(): JsonObject {
    return {
      message: this.message,
      code: this.code,
      ...(this.errors === undefined ? {} : { errors: this.errors }),
    };
  }
}

/** Refusals by name: status, code, message. */
const REFUSALS = {
  unauthorized: [401, 0, "401: Unauthorized"],
  notFound: [404, 0, "404: Not Found"],
  methodNotAllowed: [405, 0, "405: Method Not Allowed"],
  unknownApplication: [404, 10002, "Unknown Application"],
  unknownChannel: [404, 10003, "Unknown Channel"],
  unknownGuild: [404, 10004, "Unknown Guild"],
  unknownMember: [404, 10007, "Unknown Member"],
  unknownMessage: [404, 10008, "Unknown Message"],
  unknownUser: [404, 10013, "Unknown User"],
  unknownWebhook: [404, 10015, "Unknown Webhook"],
  unknownInteraction: [404, 10062, "Unknown interaction"],
  unknownCommand: [404, 10063, "Unknown application command"],
  tooManyAttachments: [400, 30015, "Maximum number of attachments in a message reached (10)"],
  tooManyCommands: [400, 30032, "Maximum number of application commands reached (100)."],
  tooManyCommandCreates: [
    400,
    30034,
    "Max number of daily application command creates has been reached (200)",
  ],
  tooOldToEdit: [
    429,
    30046,
    "Maximum number of edits to messages older than 1 hour reached. Try again later.",
  ],
  tooLarge: [413, 40005, "Request entity too large"],
  forumNeedsThread: [400, 40058, "Cannot send a message in a forum channel"],
  alreadyAcknowledged: [400, 40060, "Interaction has already been acknowledged."],
  tooManyFollowUps: [400, 40094, "This interaction has hit the maximum number of follow up messages"],
  userAgent: [403, 40333, "internal network error"],
  missingAccess: [403, 50001, "Missing Access"],
  dmOnly: [403, 50003, "Cannot execute action on a DM channel"],
  notYourMessage: [403, 50005, "Cannot edit a message authored by another user"],
  emptyMessage: [400, 50006, "Cannot send an empty message"],
  cannotDm: [403, 50007, "Cannot send messages to this user"],
  missingPermissions: [403, 50013, "Missing Permissions"],
  systemMessage: [403, 50021, "Cannot execute action on a system message"],
  wrongChannelType: [400, 50024, "Cannot execute action on this channel type"],
  invalidWebhookToken: [401, 50027, "Invalid Webhook Token"],
  invalidRecipient: [400, 50033, "Invalid Recipient(s)"],
  apiVersion: [400, 50041, "Invalid API version provided"],
  archivedThread: [403, 50083, "Thread is archived"],
  invalidJson: [400, 50109, "The request body contains invalid JSON."],
  noMutualGuild: [403, 50278, "Cannot send messages to this user due to having no mutual guilds"],
  replyNeedsHistory: [403, 160002, "Cannot reply without permission to read message history"],
  threadExists: [400, 160004, "A thread has already been created for this message"],
  lockedThread: [403, 160005, "Thread is locked"],
} as const satisfies Record<string, readonly [number, number, string]>;

/** A refusal from the table. */
export function refusal(name: keyof typeof REFUSALS): ApiError {
  const [status, code, message] = REFUSALS[name];
  return new ApiError(status, code, message);
}

/** Collects what is wrong with a form, by the path of the field. */
export class FormErrors {
  readonly #tree: JsonObject = {};
  #count = 0;

  /** Notes one error. `path` is empty for an error of the whole form. */
  add(path: readonly (string | number)[], code: string, message: string): void {
    let node = this.#tree;
    for (const part of path) {
      const next = (node[part] as JsonObject | undefined) ?? {};
      node[part] = next;
      node = next;
    }
    const list = (node._errors as unknown[] | undefined) ?? [];
    list.push({ code, message });
    node._errors = list;
    this.#count += 1;
  }

  /** What was noted, as a refusal. */
  toError(): ApiError {
    return new ApiError(400, 50035, "Invalid Form Body", this.#tree);
  }

  /** Throws 50035 when anything was noted. */
  throwIfAny(): void {
    if (this.#count > 0) throw this.toError();
  }
}

/** A form with a single error. */
export function invalidForm(path: readonly (string | number)[], code: string, message: string): ApiError {
  const errors = new FormErrors();
  errors.add(path, code, message);
  return errors.toError();
}
