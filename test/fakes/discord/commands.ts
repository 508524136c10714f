/**
 * The application's global commands: kept, compared, and counted against the daily limit of creations.
 * Source: Discord docs, "Application Commands: Registering a Command".
 */

import { CommandType, checkCommand } from "./command-form.ts";
import { FormErrors, refusal } from "./errors.ts";
import { Form } from "./form.ts";
import type { Snowflakes } from "./snowflakes.ts";
import { isObject, type JsonObject } from "./wire.ts";

const MAX_CREATES_A_DAY = 200;

/** A registered command as GET with localizations gives it. */
export type Command = JsonObject & { id: string; name: string; type: number };

/** Commands of the application. */
export class CommandRegistry {
  readonly #applicationId: string;
  readonly #ids: Snowflakes;
  #commands: Command[] = [];
  #creates = 0;
  #writes = 0;

  constructor(applicationId: string, ids: Snowflakes) {
    this.#applicationId = applicationId;
    this.#ids = ids;
  }

  /** How many commands were created so far; a bulk write counts the names that were not there. */
  get creates(): number {
    return this.#creates;
  }

  /** How often the list was written, changed or not. */
  get writes(): number {
    return this.#writes;
  }

  /** The registered commands. */
  list(): readonly Command[] {
    return this.#commands;
  }

  /** A command by name, and type where it matters. */
  find(name: string, type?: number): Command | undefined {
    return this.#commands.find((one) => one.name === name && (type === undefined || one.type === type));
  }

  /** A command by id, or 10063. */
  get(id: string): Command {
    const command = this.#commands.find((one) => one.id === id);
    if (command === undefined) throw refusal("unknownCommand");
    return command;
  }

  /** Wire form of a list; without `with_localizations` only the locale's own words are given. */
  wire(commands: readonly Command[], withLocalizations: boolean): JsonObject[] {
    return commands.map((command) => (withLocalizations ? command : withoutLocalizations(command)));
  }

  /** PUT: replaces all. */
  overwrite(body: unknown): readonly Command[] {
    const errors = new FormErrors();
    if (!Array.isArray(body)) {
      errors.add([], "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
      throw errors.toError();
    }
    const names = new Set<string>();
    for (const [index, item] of body.entries()) {
      if (!isObject(item)) {
        errors.add([index], "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
        continue;
      }
      checkCommand(new Form(item, [index], errors));
      const key = `${Number(item.type ?? 1)} ${String(item.name)}`;
      if (names.has(key))
        errors.add(
          [index, "name"],
          "APPLICATION_COMMANDS_DUPLICATE_NAME",
          "Application command names must be unique",
        );
      names.add(key);
    }
    errors.throwIfAny();
    this.#checkCounts(body as JsonObject[]);
    this.#writes += 1;
    this.#commands = (body as JsonObject[]).map((item) => this.#build(item));
    return this.#commands;
  }

  /** POST: creates one or replaces the one of that name. */
  upsert(body: JsonObject): { command: Command; isNew: boolean } {
    const errors = new FormErrors();
    checkCommand(new Form(body, [], errors));
    errors.throwIfAny();
    const before = this.find(String(body.name), Number(body.type ?? 1));
    const others = this.#commands.filter((one) => one !== before);
    this.#checkCounts([...others, body]);
    this.#writes += 1;
    const command = this.#build(body);
    this.#commands = [...others, command];
    return { command, isNew: before === undefined };
  }

  /** PATCH: changes the given fields. */
  change(id: string, body: JsonObject): Command {
    const before = this.get(id);
    const merged = { ...before, ...body };
    const errors = new FormErrors();
    checkCommand(new Form(merged, [], errors));
    errors.throwIfAny();
    this.#writes += 1;
    const command = { ...this.#build(merged), id };
    this.#commands = this.#commands.map((one) => (one.id === id ? command : one));
    return command;
  }

  /** DELETE. */
  remove(id: string): void {
    const command = this.get(id);
    this.#writes += 1;
    this.#commands = this.#commands.filter((one) => one !== command);
  }

  #checkCounts(items: readonly JsonObject[]): void {
    const count = (type: number) => items.filter((item) => Number(item.type ?? 1) === type).length;
    if (count(CommandType.chatInput) > 100 || count(CommandType.user) > 15 || count(CommandType.message) > 15)
      throw refusal("tooManyCommands");
    const fresh = items.filter((item) => this.find(String(item.name), Number(item.type ?? 1)) === undefined);
    if (this.#creates + fresh.length > MAX_CREATES_A_DAY) throw refusal("tooManyCommandCreates");
    this.#creates += fresh.length;
  }

  #build(item: JsonObject): Command {
    const type = Number(item.type ?? CommandType.chatInput);
    const name = String(item.name);
    return {
      id: this.find(name, type)?.id ?? this.#ids.next(),
      application_id: this.#applicationId,
      version: this.#ids.next(),
      default_member_permissions: item.default_member_permissions ?? null,
      type,
      name,
      name_localizations: item.name_localizations ?? null,
      description: type === CommandType.chatInput ? String(item.description) : "",
      description_localizations: item.description_localizations ?? null,
      dm_permission: item.dm_permission ?? true,
      contexts: item.contexts ?? null,
      integration_types: item.integration_types ?? [0],
      ...(Array.isArray(item.options) ? { options: item.options } : {}),
      nsfw: item.nsfw ?? false,
    };
  }
}

function withoutLocalizations(value: unknown): JsonObject {
  const out: JsonObject = {};
  for (const [key, inner] of Object.entries(value as JsonObject)) {
    if (key.endsWith("_localizations")) continue;
    out[key] =
      key === "options" || key === "choices" ? (inner as unknown[]).map(withoutLocalizations) : inner;
  }
  return out;
}
