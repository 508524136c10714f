/**
 * What can be taken at all: how much one message may hold, which files and which links. The engine asks at intake,
 * the workflows before a byte moves. Source: nemo-api.md, "Formats"; DESIGN.md, rule 9.
 */
import { checkAttachment } from "../model/file-formats.ts";
import type { TextKey } from "../model/locales.ts";
import type { Attachment, IncomingMessage } from "../model/message.ts";
import type { Skill } from "../model/skill.ts";
import type { MessageItem } from "../model/work-item.ts";
import type { Context, Limits } from "../ports/context.ts";
import { findLinks } from "../understand/links.ts";

/** Why a whole message is refused; null when nothing speaks against it. */
export function refusalOf(message: IncomingMessage, limits: Limits): MessageItem["refusal"] | null {
  if (message.text.length > limits.maxTextLength) {
    return { key: "message.too-long", limit: limits.maxTextLength };
  }
  if (message.attachments.length > limits.maxFilesPerMessage) {
    return { key: "message.too-many-files", limit: limits.maxFilesPerMessage };
  }
  return null;
}

/** True when not one of the files can be taken: such a message is answered at once, without a session. */
export function areAllUnfit(context: Context, skill: Skill, attachments: Attachment[]): boolean {
  return attachments.length > 0 && attachments.every((file) => whyUnfit(context, skill, file) !== null);
}

/** Which sentence refuses a file, by what is said of it alone; null when nothing speaks against it. */
function whyUnfit(
  context: Context,
  skill: Skill,
  attachment: Attachment,
): { key: TextKey; limitBytes: number } | null {
  const limitBytes = skill.maxFileBytes;
  if (isLink(attachment) && !context.links.isAllowed(attachment.url)) {
    return { key: "link.not-public", limitBytes };
  }
  const check = checkAttachment(attachment, skill);
  if (check !== "fine") return { key: `upload.${check}`, limitBytes };
  const platformLimit = context.platforms.get(attachment.platform)?.maxAttachmentBytes ?? null;
  if (platformLimit === null || (attachment.sizeBytes ?? 0) <= platformLimit) return null;
  return { key: "upload.too-large-for-platform", limitBytes: platformLimit };
}

/** As `whyUnfit`, and looks where a link leads. */
export async function whyRefused(
  context: Context,
  skill: Skill,
  attachment: Attachment,
): Promise<ReturnType<typeof whyUnfit>> {
  const unfit = whyUnfit(context, skill, attachment);
  if (unfit || !isLink(attachment) || (await context.links.leadsOutside(attachment.url))) return unfit;
  return { key: "link.not-public", limitBytes: skill.maxFileBytes };
}

/** Whether all links in a person's words lead to the public web: the agent may open what stands there. */
export async function leadOutside({ links }: Pick<Context, "links">, words: string): Promise<boolean> {
  const urls = [...new Set(findLinks(words).map(({ url }) => url))];
  if (!urls.every((url) => links.isAllowed(url))) return false;
  const ends = await Promise.all(urls.map((url) => links.leadsOutside(url)));
  return ends.every((isOutside) => isOutside);
}

/** A link that a person wrote. */
export function isLink(attachment: Attachment): attachment is Attachment & { url: string } {
  return attachment.platform === "url" && attachment.url !== undefined;
}
