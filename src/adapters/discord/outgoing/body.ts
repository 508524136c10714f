/** Messages in parts as Discord takes them, and what others may read of a private one. */
import type { APIMediaGalleryComponent } from "discord.js";
import { ButtonStyle, ComponentType, MessageFlags } from "discord-api-types/v10";
import type { Locales } from "../../../core/model/locales.ts";
import type { OutgoingMessage, ReplyTarget } from "../../../core/model/message.ts";
import type { Log } from "../../../core/ports/runtime.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";
import { FRAMED_TEXT_LIMIT, type Row, renderButtons, renderText, TEXT_LIMIT } from "./render.ts";

/** One part of a message. */
export interface Body {
  /** Null: the text stands in the components, of a message that had some of its own before. */
  content?: string | null;
  components?: unknown[];
  flags?: number;
  allowed_mentions: { parse: [] };
}

/** How a message is laid out. */
export interface Layout {
  /** In a frame, by Components V2; else as text. */
  isFramed: boolean;
  /** The video that is sent along. */
  fileName?: string;
}

export interface BodyOptions {
  memory: AdapterMemory;
  locales: Locales;
  log: Log;
}

/** What is said in place about what was said in private, or could not be. */
export type PlaceNote = "private.told" | "discord.dm-closed";

/** The parts of a message; its buttons, and the video, stand below the last. */
export async function renderBodies(
  target: ReplyTarget,
  message: OutgoingMessage,
  { memory, locales, log }: BodyOptions,
  { isFramed, fileName }: Layout = { isFramed: false },
): Promise<Body[]> {
  const parts = renderText(message.text, isFramed ? FRAMED_TEXT_LIMIT : TEXT_LIMIT);
  const { conversationId } = target;
  const language = message.language ?? "en";
  const rows = await renderButtons(message.buttons, { conversationId, memory, locales, language, log });
  return parts.map((text, index) => {
    const isLast = index === parts.length - 1;
    if (isFramed) return framed(text, isLast ? rows : [], isLast ? fileName : undefined);
    const components = isLast && rows.length > 0 ? { components: rows } : {};
    return { content: text, allowed_mentions: { parse: [] }, ...components };
  });
}

/** Whether a message reads better in a frame: what is looked over, and a video. Words of a conversation do not. */
export function readsFramed({ tone, isCard, video }: OutgoingMessage): boolean {
  return (isCard === true || video !== undefined) && tone !== "private";
}

/** Whether a video of that name can stand in a frame: Discord writes other names in its own way. */
export function canFrame(fileName: string): boolean {
  return /^[\w.-]+$/.test(fileName);
}

/** One frame: the text, the video, and the buttons below a line. */
function framed(text: string, rows: Row[], fileName: string | undefined): Body {
  const video: APIMediaGalleryComponent[] =
    fileName === undefined
      ? []
      : [{ type: ComponentType.MediaGallery, items: [{ media: { url: `attachment://${fileName}` } }] }];
  const line = { type: ComponentType.Separator };
  const components = [
    { type: ComponentType.TextDisplay, content: text },
    ...video,
    ...(rows.length > 0 ? [line, ...rows] : []),
  ];
  return {
    components: [{ type: ComponentType.Container, components }],
    flags: MessageFlags.IsComponentsV2,
    allowed_mentions: { parse: [] },
  };
}

/** The body as it takes the place of what a message said before. */
export function replacing(body: Body): Body {
  const isFramed = body.content === undefined;
  return { components: [], ...(isFramed ? { content: null } : {}), ...body };
}

/** What others may read of a private message whose own part is `body`. */
export function publicBody(message: OutgoingMessage, body: Body, note: PlaceNote, locales: Locales): Body {
  const words = locales.plain(message.language ?? "en", note);
  const [lead] = message.inPublic ? renderText(message.inPublic, TEXT_LIMIT) : [];
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
