/**
 * Limits of embeds.
 * Source: Discord docs, "Message: Embed Limits".
 */

import type { Form } from "./form.ts";
import { textLength } from "./wire.ts";

const MAX_TOTAL = 6000;

/** Checks `embeds`. Gives how many there are. */
export function checkEmbeds(form: Form): number {
  const embeds = form.children("embeds", { max: 10 }) ?? [];
  let total = 0;
  for (const embed of embeds) {
    const texts = [
      embed.text("title", { max: 256 }),
      embed.text("description", { max: 4096 }),
      embed.child("footer")?.text("text", { max: 2048 }),
      embed.child("author")?.text("name", { max: 256 }),
    ];
    for (const field of embed.children("fields", { max: 25 }) ?? []) {
      texts.push(field.text("name", { min: 1, max: 256, isRequired: true }));
      texts.push(field.text("value", { min: 1, max: 1024, isRequired: true }));
    }
    for (const url of [
      embed.text("url"),
      embed.child("image")?.text("url"),
      embed.child("thumbnail")?.text("url"),
    ]) {
      if (url !== undefined && !/^(https?|attachment):\/\//.test(url))
        embed.fail(
          "url",
          "URL_TYPE_INVALID_SCHEME",
          `Scheme "${url.split(":")[0] ?? ""}" must be one of ('http', 'https').`,
        );
    }
    embed.integer("color", { min: 0, max: 0xffffff });
    for (const text of texts) total += textLength((text ?? "").trim());
  }
  if (total > MAX_TOTAL)
    form.fail("embeds", "MAX_EMBED_SIZE_EXCEEDED", `Embed size exceeds maximum size of ${MAX_TOTAL}`);
  return embeds.length;
}
