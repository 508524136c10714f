/**
 * The bot's commands for Discord, in every language, registered only when they changed.
 * Source: Discord docs, "Application Commands"; platforms.md.
 */
import { createHash } from "node:crypto";
import type { REST, RESTPutAPIApplicationCommandsJSONBody } from "discord.js";
import {
  ApplicationCommandOptionType,
  ApplicationCommandType,
  ApplicationIntegrationType,
  InteractionContextType,
  Locale,
  PermissionFlagsBits,
  Routes,
} from "discord-api-types/v10";
import type { Locales, TextKey } from "../../../core/model/locales.ts";
import type { AdapterMemory } from "../../../core/ports/store.ts";

/** What Discord calls a language of ours; English is the default, and some it does not know. */
function discordNames(language: string): Locale[] {
  if (language === "en") return [];
  return Object.values(Locale).filter((locale) => locale.split("-")[0] === language);
}

const EVERYWHERE = {
  integration_types: [ApplicationIntegrationType.GuildInstall, ApplicationIntegrationType.UserInstall],
  contexts: [
    InteractionContextType.Guild,
    InteractionContextType.BotDM,
    InteractionContextType.PrivateChannel,
  ],
};

/** What the commands are called in other languages; in English by their own names. */
const NAME_KEYS = {
  edit: "command-name.edit",
  upload: "command-name.upload",
  export: "command-name.export",
  credits: "command-name.credits",
  status: "command-name.status",
  new: "command-name.new",
  projects: "command-name.projects",
  history: "command-name.history",
  undo: "command-name.undo",
  skill: "command-name.skill",
  language: "command-name.language",
  cancel: "command-name.cancel",
  help: "command-name.help",
  threads: "command-name.threads",
} as const satisfies Record<string, TextKey>;

/** The name of the context-menu command, as Discord knows it. */
export const EDIT_THIS = "Edit this video";

/** Files one `/edit` can take. */
export const CLIP_OPTIONS = ["clip", "clip2", "clip3"] as const;

/** Every command with its texts. */
function commandList(locales: Locales): RESTPutAPIApplicationCommandsJSONBody {
  const described = (key: TextKey) => {
    const others = locales.languages.flatMap((language) =>
      discordNames(language).map((locale) => [locale, locales.plain(language, key)] as const),
    );
    return { description: locales.plain("en", key), description_localizations: Object.fromEntries(others) };
  };
  const clips = CLIP_OPTIONS.map((name) => ({
    type: ApplicationCommandOptionType.Attachment as const,
    name,
    ...described("command.edit.clip"),
  }));
  const named = (name: keyof typeof NAME_KEYS) => {
    const others = locales.languages.flatMap((language) =>
      discordNames(language).map((locale) => [locale, locales.plain(language, NAME_KEYS[name])] as const),
    );
    return { name, name_localizations: Object.fromEntries(others) };
  };
  const plain = (name: keyof typeof NAME_KEYS, key: TextKey) => ({
    ...named(name),
    ...described(key),
    ...EVERYWHERE,
  });
  const names = locales.languages.flatMap((language) =>
    discordNames(language).map((locale) => [locale, locales.plain(language, "command.edit-this")] as const),
  );
  return [
    {
      ...plain("edit", "command.edit"),
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: "prompt",
          max_length: 4000,
          ...described("command.edit.prompt"),
        },
        ...clips,
      ],
    },
    { ...plain("upload", "command.upload"), options: clips },
    plain("export", "command.export"),
    plain("credits", "command.credits"),
    plain("status", "command.status"),
    plain("new", "command.new"),
    plain("projects", "command.projects"),
    plain("history", "command.history"),
    plain("undo", "command.undo"),
    {
      ...plain("skill", "command.skill"),
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: "name",
          autocomplete: true,
          ...described("command.skill.name"),
        },
      ],
    },
    {
      ...plain("language", "command.language"),
      options: [
        {
          type: ApplicationCommandOptionType.String,
          name: "language",
          choices: locales.languages.map((code) => ({
            name: locales.plain(code, "language.name"),
            value: code,
          })),
          ...described("command.language"),
        },
      ],
    },
    plain("cancel", "command.cancel"),
    plain("help", "command.help"),
    {
      ...named("threads"),
      ...described("command.threads"),
      integration_types: [ApplicationIntegrationType.GuildInstall],
      contexts: [InteractionContextType.Guild],
      default_member_permissions: String(PermissionFlagsBits.ManageGuild),
      options: [
        {
          type: ApplicationCommandOptionType.Boolean,
          name: "on",
          required: true,
          ...described("command.threads.on"),
        },
      ],
    },
    {
      type: ApplicationCommandType.Message,
      name: EDIT_THIS,
      name_localizations: Object.fromEntries(names),
      ...EVERYWHERE,
    },
  ];
}

/** Registers the commands globally, if they are not what was registered last. */
export async function publishCommands(
  rest: REST,
  applicationId: string,
  locales: Locales,
  memory: AdapterMemory,
): Promise<void> {
  const commands = commandList(locales);
  const hash = createHash("sha256").update(JSON.stringify(commands)).digest("base64url");
  const key = `commands:${applicationId}`;
  if ((await memory.get(key)) === hash) return;
  await rest.put(Routes.applicationCommands(applicationId), { body: commands });
  await memory.set(key, hash);
}
