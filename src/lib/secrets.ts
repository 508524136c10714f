/** What looks like a token, wherever it stands. Source: nemo-api.md, "Free token"; the platforms' own forms. */

/** `hasKind`: the first group says what kind it is, and may stay. */
export const TOKENS: readonly [pattern: RegExp, hasKind: boolean][] = [
  // Of accounts and of claim links, also inside of longer words.
  [/(nmv_[a-z]{1,16}_|clm_)[\w-]+/gi, true],
  // Of a Telegram bot, alone or behind "bot" in an address.
  [/(?<!\d)\d{5,12}:[\w-]{30,}/g, false],
  // Of a Discord bot.
  [/(?<![\w.-])[\w-]{23,28}\.[\w-]{6,7}\.[\w-]{27,}/g, false],
];

/** The text with `…` in the place of every token. */
export function hideTokens(text: string): string {
  return TOKENS.reduce((clean, [pattern]) => clean.replace(pattern, "…"), text);
}
