/** Messages in parts as Discord takes them, and what others may read of a private one. */
import { ButtonStyle } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { renderButtons, renderText } from "./render.ts";

/** One part of a message. */
export interface Body {
  content: string;
  components?: unknown[];
  flags?: number;
  allowed_mentions: { parse: [] };
}

/** What is said in place about what was said in private, or could not be. */
export type PlaceNote = "private.told" | "discord.dm-closed";

/** The parts of a message; its buttons stand below the last. */
export async function renderBodies(
  target: ReplyTarget,
  message: OutgoingMessage,
  { memory, locales, log }: { memory: AdapterMemory; locales: Locales; log: Log },
): Promise<Body[]> {
  const parts = renderText(message.text);
  const { conversationId } = target;
  const language = message.language ?? "en";
  const components = await renderButtons(message.buttons, { conversationId, memory, locales, language, log });
  return parts.map((content, index) => ({
    content,
    allowed_mentions: { parse: [] },
    ...(components.length > 0 && index === parts.length - 1 ? { components } : {}),
  }));
}

/** What others may read of a private message whose own part is `body`. */
export function publicBody(message: OutgoingMessage, body: Body, note: PlaceNote, locales: Locales): Body {
  const words = locales.plain(message.language ?? "en", note);
  const [lead] = message.inPublic ? renderText(message.inPublic) : [];
  const content = lead ? `${lead}\n\n${words}` : words;
  return { ...withButtons(body, (button) => !isLink(button)), content };
}

/** The part as it may stand in direct messages: buttons that act would act on the conversation there. */
export function directBody(body: Body): Body {
  return withButtons(body, isLink);
}

interface AnyButton {
  style?: number;
}

function isLink({ style }: AnyButton): boolean {
  return style === ButtonStyle.Link;
}

/** The body with those of its buttons that fit; rows that lose all of theirs go. */
function withButtons(body: Body, fits: (button: AnyButton) => boolean): Body {
  const { components, ...rest } = body;
  // Made by `renderButtons`: rows of buttons or of one menu.
  const rows = (components ?? []) as { components: AnyButton[] }[];
  const kept = rows
    .map((row) => ({ ...row, components: row.components.filter(fits) }))
    .filter((row) => row.components.length > 0);
  return kept.length > 0 ? { ...rest, components: kept } : rest;
}
