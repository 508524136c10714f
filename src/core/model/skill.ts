/** A skill as the core uses it. The files behind it are read by `src/content/skill-files.ts`. */
import { own } from "../../lib/own.ts";

/** A text for people by language code; `en` always exists. */
export type Localized<T> = { en: T } & Record<string, T>;

export interface Skill {
  /** Front matter `name`, such as `film-maker`; sent as `X-Skill-Source`. */
  name: string;
  /** Sent as `X-Skill-Version`. */
  version: string;
  /** `SKILL_SOURCE`, or what the install path tells; sent as `X-Skill-Platform`. */
  platform: string;
  title: Localized<string>;
  description: Localized<string>;
  greeting: Localized<string>;
  /** The short status while the bot connects, such as `Connecting...`. */
  setup: Localized<string>;
  /** Prompts a person can send as they are once there is footage. */
  examples: Localized<string[]>;
  /** Prompts that need no footage; may be empty. */
  startExamples: Localized<string[]>;
  /** How long an edit takes, in words. */
  typicalTime: Localized<string>;
  tip: Localized<string>;
  maxFileBytes: number;
  /** Extensions that work best, lower case, without a dot. */
  favouredFormats: string[];
}

/** The skills of this bot. */
export interface SkillCatalog {
  readonly defaultSkill: Skill;
  list(): Skill[];
  /** Null when no such skill is installed. */
  find(name: string): Skill | null;
}

/** The text in `language`, else in English. */
export function localized<T>(text: Localized<T>, language: string): T {
  return own(text, language) ?? text.en;
}
