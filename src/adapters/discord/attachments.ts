/**
 * Files that people sent: Discord's address goes to the backend, which fetches it itself; one that ran out is
 * refreshed from its message. Source: platforms.md, "Files in".
 */
import type { APIMessage, REST } from "discord.js";
import { Routes } from "discord-api-types/v10";
import { Agent, buildConnector, type Dispatcher, request } from "undici";
import { mimeTypeOf } from "../../core/model/file-formats.ts";
import type { Attachment } from "../../core/model/message.ts";
import { AttachmentError, type OpenedAttachment } from "../../core/ports/chat-platform.ts";
import type { Clock, Log } from "../../core/ports/runtime.ts";
import { publicConnector, systemResolve } from "../../lib/public-address.ts";

/** An address that ends so soon is refreshed at once. */
const TOO_SOON_MS = 60_000;

/**
 * Fetches Discord's files: from public addresses, and from the host of `apiUrl`, which the operator has named and
 * where a stand-in for Discord may serve them on another port.
 */
export function createFileAgent(apiUrl: string): Agent {
  const [trusted, strange] = [buildConnector({}), publicConnector({}, systemResolve)];
  const { hostname } = new URL(apiUrl);
  return new Agent({
    connect: (target, callback) => (target.hostname === hostname ? trusted : strange)(target, callback),
  });
}

export class DiscordFiles {
  readonly #rest: REST;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  readonly #log: Log;

  constructor(options: { rest: REST; clock: Clock; dispatcher: Dispatcher; log: Log }) {
    this.#rest = options.rest;
    this.#clock = options.clock;
    this.#dispatcher = options.dispatcher;
    this.#log = options.log;
  }

  /** The address for the backend, with the way through us for when it cannot fetch it. */
  async open(attachment: Attachment): Promise<OpenedAttachment> {
    const isStale =
      attachment.url === undefined || expiresAt(attachment.url) <= this.#clock.now() + TOO_SOON_MS;
    const fresh = isStale ? await this.#refresh(attachment) : attachment;
    if (!fresh.url || !/^https?:\/\//i.test(fresh.url)) throw new AttachmentError("gone");
    return {
      kind: "url",
      url: fresh.url,
      fallback: async () => this.#stream(await this.#refresh(attachment)),
    };
  }

  #stream(attachment: Attachment): OpenedAttachment {
    const { url, sizeBytes } = attachment;
    if (!url || sizeBytes === undefined) throw new AttachmentError("gone");
    return {
      kind: "stream",
      name: attachment.name,
      mimeType: mimeTypeOf(attachment),
      sizeBytes,
      open: async (signal) => {
        const { statusCode, body } = await request(url, { dispatcher: this.#dispatcher, signal });
        if (statusCode === 200) return body;
        await body.dump();
        throw new AttachmentError("gone");
      },
    };
  }

  /** The same file with a fresh address; as it was when its message cannot be read again. */
  async #refresh(attachment: Attachment): Promise<Attachment> {
    const [channelId = "", messageId = "", id] = (attachment.fileId ?? "").split("/");
    // Files of commands and forms belong to no message.
    if (channelId === "interaction" || channelId === "") return attachment;
    try {
      // The answer's shape is Discord's documented message object.
      const message = (await this.#rest.get(Routes.channelMessage(channelId, messageId))) as APIMessage;
      const file = message.attachments.find((one) => one.id === id);
      return file ? { ...attachment, url: file.url } : attachment;
    } catch (error) {
      this.#log.info({ err: error }, "a message could not be read again for its file");
      return attachment;
    }
  }
}

/** Epoch ms at which a signed address of the CDN ends; never for other addresses. */
function expiresAt(url: string): number {
  const seconds = URL.canParse(url)
    ? Number.parseInt(new URL(url).searchParams.get("ex") ?? "", 16)
    : Number.NaN;
  return Number.isNaN(seconds) ? Number.POSITIVE_INFINITY : seconds * 1_000;
}
