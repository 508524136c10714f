/** The bot's command menu, in every language, sent only when it changed. Source: Bot API, setMyCommands. */
import { createHash } from "node:crypto";
import type { Api } from "grammy";
import type { Locales, TextKey } from "../../../core/model/locales.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";

const COMMANDS: [command: string, description: TextKey][] = [
  ["start", "command.start"],
  ["help", "command.help"],
  ["new", "command.new"],
  ["projects", "command.projects"],
  ["history", "command.history"],
  ["undo", "command.undo"],
  ["export", "command.export"],
  ["credits", "command.credits"],
  ["status", "command.status"],
  ["skill", "command.skill"],
  ["language", "command.language"],
  ["cancel", "command.cancel"],
];

/** Sends the menus that differ from what was sent last: sending them at every start has locked bots out. */
export async function publishCommands(api: Api, locales: Locales, memory: AdapterMemory): Promise<void> {
  for (const language of locales.languages) {
    const menu = COMMANDS.map(([command, key]) => ({ command, description: locales.plain(language, key) }));
    const hash = createHash("sha256").update(JSON.stringify(menu)).digest("base64url");
    const key = `commands:${language}`;
    if ((await memory.get(key)) === hash) continue;
    // English is what everyone else sees.
    if (language === "en") await api.setMyCommands(menu);
    else if (/^[a-z]{2}$/.test(language)) await api.setMyCommands(menu, { language_code: language as "zh" });
    await memory.set(key, hash);
  }
}
