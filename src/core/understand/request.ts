/** What a message asks for: its files and links, and the goal once they have arrived. */

import { type Attachment, type IncomingMessage, isAboutStopping } from "../model/message.ts";
import type { AskedMessage, Request } from "../model/request.ts";
import type { Intent } from "../model/understanding.ts";
import type { MessageItem } from "../model/work-item.ts";
import type { Context } from "../ports/context.ts";

/** Reads a message; `read` understands its words. Pure. */
export function readRequest(message: IncomingMessage, read: (text: string) => Intent): Request {
  const { action, text } = message;
  if (action?.kind === "edit" && action.meant) {
    const quoted = (action.meant.quoted ?? []).map(withCleanName);
    return { attachments: quoted, areQuoted: true, goal: { kind: "edit", text: action.text } };
  }
  const attachments = message.attachments.map(withCleanName);
  if (text.trim() === "" && !action) {
    const help: Request["goal"] = { kind: "action", action: { kind: "help" } };
    return { attachments, goal: attachments.length > 0 ? { kind: "nothing" } : help };
  }
  const quoted = (message.quoted ?? []).map(withCleanName);
  // An example's button says what a person could have typed, and means the same.
  const isPrompt = action?.kind === "edit";
  const intent: Intent =
    action && !isPrompt ? { kind: "action", action } : read(isPrompt ? action.text : text);
  const request = asRequest(attachments, intent, read);
  const meansQuoted = request.attachments.length === 0 && request.goal.kind === "edit" && !action;
  return meansQuoted ? { ...request, attachments: quoted, areQuoted: true } : request;
}

/** Files and links told from words; `read` understands the words. */
function asRequest(attachments: Attachment[], intent: Intent, read: (text: string) => Intent): Request {
  switch (intent.kind) {
    case "upload": {
      const links = intent.urls.map(
        (url): Attachment => ({ platform: "url", url, name: cleanName(nameOf(url)) }),
      );
      const all = [...attachments, ...links];
      const isAlone = intent.text === "";
      return isAlone
        ? { attachments: all, goal: { kind: "nothing" } }
        : asRequest(all, read(intent.text), read);
    }
    case "edit":
      return { attachments, goal: intent };
    case "action": {
      if (intent.action.kind === "edit") return { attachments, goal: intent.action };
      // "upload" or "hi" beside a file says nothing more than the file does.
      const saysNothing = /^(?:upload-help|help|small-talk)$/.test(intent.action.kind);
      if (saysNothing && attachments.length > 0) {
        return { attachments, goal: { kind: "nothing" } };
      }
      return { attachments, goal: intent };
    }
  }
}

/** What the item of a message asks for; read here for an item of the version before, which does not carry it. */
export function requestOf(
  { understanding }: Pick<Context, "understanding">,
  { message, request }: MessageItem,
): Request {
  return request ?? understanding.readRequest(message);
}

/**
 * The message as it is; but words that stop something, beside files, are two messages: the words count at once, the
 * files wait their turn. Pure.
 */
export function partsOf({ message, request }: AskedMessage): AskedMessage[] {
  const { goal, attachments } = request;
  const isStop = goal.kind === "action" && isAboutStopping(goal.action);
  if (!isStop || attachments.length === 0) return [{ message, request }];
  const links = attachments.flatMap((file) => (file.platform === "url" && file.url ? [file.url] : []));
  const { action: _action, ...rest } = message;
  const stop = {
    ...rest,
    id: `${message.id}:stop`,
    text: "",
    action: goal.action,
    attachments: [],
    quoted: [],
  };
  return [
    { message: stop, request: { attachments: [], goal } },
    { message: { ...rest, text: links.join(" ") }, request: { attachments, goal: { kind: "nothing" } } },
  ];
}

/** The file name in a link; its host when the path has none. */
function nameOf(url: string): string {
  const { pathname, hostname } = new URL(url);
  const last = pathname.split("/").pop() ?? "";
  try {
    return decodeURIComponent(last) || hostname;
  } catch {
    // A stray % in the path; the raw name is still a name.
    return last;
  }
}

/** Longest file name that is kept, in UTF-16 units; its end holds the extension. */
const MAX_NAME_LENGTH = 120;

function withCleanName(file: Attachment): Attachment {
  return { ...file, name: cleanName(file.name) };
}

/** A file name as it can be shown and sent: no control characters, no line breaks, not too long. */
function cleanName(name: string): string {
  const clean = name.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "").trim();
  const short = clean.length > MAX_NAME_LENGTH ? `…${clean.slice(-MAX_NAME_LENGTH)}` : clean || "file";
  // Half a character would be refused wherever the name is shown or sent.
  return short.toWellFormed();
}
