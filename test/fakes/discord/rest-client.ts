/** A bare REST client for tests of the fake itself: it sends what a library would never send. */

import type { FakeDiscord } from "./fake-discord.ts";
import type { JsonObject } from "./wire.ts";

/** An answer of the fake. */
export interface RestAnswer {
  status: number;
  body: JsonObject;
  headers: Headers;
}

/** What a silent, safe message is made of besides its text. */
export const SILENT: JsonObject = { allowed_mentions: { parse: [] } };

/** Calls the fake as the bot would; `body` may be a form. */
export async function rest(
  fake: FakeDiscord,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<RestAnswer> {
  const isForm = body instanceof FormData;
  const response = await fetch(`${fake.apiUrl}/v10${path}`, {
    method,
    headers: {
      authorization: `Bot ${fake.token}`,
      "user-agent": "DiscordBot (https://example.org, 1.0.0)",
      ...(body === undefined || isForm ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: isForm ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    body: text === "" ? {} : (JSON.parse(text) as JsonObject),
    headers: response.headers,
  };
}

/** A form with a payload and files. */
export function upload(payload: unknown, ...files: readonly { name: string; bytes: Buffer }[]): FormData {
  const form = new FormData();
  form.set("payload_json", JSON.stringify(payload));
  for (const [index, file] of files.entries())
    form.set(`files[${index}]`, new Blob([new Uint8Array(file.bytes)], { type: "video/mp4" }), file.name);
  return form;
}
