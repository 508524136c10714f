/**
 * What an application command may be.
 * Source: Discord docs, "Application Commands".
 */

import { checkFileTypes } from "./file-types.ts";
import type { Form } from "./form.ts";
import { type JsonObject, LOCALES, textLength } from "./wire.ts";

/** Types of commands. */
export const CommandType = { chatInput: 1, user: 2, message: 3 } as const;

/** Types of options. */
export const OptionType = {
  subcommand: 1,
  subcommandGroup: 2,
  string: 3,
  integer: 4,
  boolean: 5,
  user: 6,
  channel: 7,
  role: 8,
  mentionable: 9,
  number: 10,
  attachment: 11,
} as const;

const NAME = /^[-_'\p{L}\p{N}\p{sc=Deva}\p{sc=Thai}]{1,32}$/u;
const WITH_CHOICES: readonly number[] = [OptionType.string, OptionType.integer, OptionType.number];
const MAX_COMMAND_SIZE = 8000;

/** Checks one command of a create or a bulk overwrite. */
export function checkCommand(form: Form): void {
  const type = form.integer("type", { choices: [1, 2, 3] }) ?? CommandType.chatInput;
  checkName(form, "name", type === CommandType.chatInput);
  checkLocalizations(form, "name", type === CommandType.chatInput);
  if (type === CommandType.chatInput) {
    form.text("description", { min: 1, max: 100, isRequired: true });
    checkLocalizations(form, "description", false);
    checkOptions(form, 0);
    const size = commandSize(form.value);
    if (size > MAX_COMMAND_SIZE)
      form.fail(null, "APPLICATION_COMMAND_TOO_LARGE", `Command exceeds maximum size (${MAX_COMMAND_SIZE})`);
  } else {
    if (form.has("description") && form.value.description !== "")
      form.fail(
        "description",
        "APPLICATION_COMMAND_CONTEXT_MENU_DESCRIPTION_NOT_ALLOWED",
        "Context menu commands cannot have description",
      );
    if ((form.list("options") ?? []).length > 0)
      form.fail(
        "options",
        "APPLICATION_COMMAND_CONTEXT_MENU_OPTIONS_NOT_ALLOWED",
        "Context menu commands cannot have options",
      );
  }
  checkNumbers(form, "integration_types", [0, 1], 1);
  checkNumbers(form, "contexts", [0, 1, 2], 0);
  const permissions = form.value.default_member_permissions;
  if (permissions !== undefined && permissions !== null && !/^\d+$/.test(String(permissions)))
    form.fail(
      "default_member_permissions",
      "NUMBER_TYPE_COERCE",
      `Value "${String(permissions)}" is not int.`,
    );
  form.flag("nsfw");
}

function checkNumbers(form: Form, key: string, allowed: readonly number[], min: number): void {
  const values = form.list(key, { min });
  for (const [index, value] of (values ?? []).entries()) {
    if (!allowed.includes(value as number))
      form.errors.add(
        [...form.path, key, index],
        "BASE_TYPE_CHOICES",
        `Value must be one of (${allowed.join(", ")}).`,
      );
  }
  if (values !== undefined && new Set(values).size !== values.length)
    form.fail(key, "SET_TYPE_CONTAINS_DUPLICATES", "The set cannot contain duplicates");
}

function checkName(form: Form, key: string, isSlash: boolean): void {
  const name = form.text(key, { min: 1, max: 32, isRequired: true });
  if (name !== undefined && !isValidName(name, isSlash))
    form.fail(key, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
}

function isValidName(name: string, isSlash: boolean): boolean {
  if (!isSlash) return name.trim() === name && name.length > 0;
  return NAME.test(name) && name === name.toLowerCase();
}

function checkLocalizations(form: Form, of: "name" | "description", isSlash: boolean): void {
  const key = `${of}_localizations`;
  const localizations = form.child(key);
  for (const locale of Object.keys(localizations?.value ?? {})) {
    if (localizations === undefined) return;
    if (!LOCALES.includes(locale)) {
      localizations.fail(locale, "ENUM_TYPE_COERCE", `Value "${locale}" is not a valid enum value.`);
      continue;
    }
    const text = localizations.text(locale, { min: 1, max: of === "name" ? 32 : 100 });
    if (of === "name" && text !== undefined && !isValidName(text, isSlash))
      localizations.fail(locale, "APPLICATION_COMMAND_INVALID_NAME", "Command name is invalid");
  }
}

function checkOptions(form: Form, depth: number): void {
  const options = form.children("options", { max: 25 }) ?? [];
  const names = new Set<string>();
  let sawOptional = false;
  for (const option of options) {
    const type = option.integer("type", { min: 1, max: 11, isRequired: true }) ?? 0;
    checkName(option, "name", true);
    checkLocalizations(option, "name", true);
    option.text("description", { min: 1, max: 100, isRequired: true });
    checkLocalizations(option, "description", false);
    const name = String(option.value.name);
    if (names.has(name))
      option.fail("name", "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS", "Option name already exists");
    names.add(name);
    if (type === OptionType.subcommand || type === OptionType.subcommandGroup) {
      if (depth > 1 || (depth === 1 && type === OptionType.subcommandGroup))
        option.fail(
          "type",
          "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
          "Sub-command option type is not allowed here",
        );
      else checkOptions(option, depth + 1);
      continue;
    }
    const isRequired = option.flag("required") ?? false;
    if (isRequired && sawOptional)
      form.fail(
        "options",
        "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID",
        "Required options must be placed before non-required options",
      );
    if (!isRequired) sawOptional = true;
    checkValueOption(option, type);
  }
  const subcommands = options.filter((option) => option.value.type === 1 || option.value.type === 2).length;
  if (subcommands > 0 && subcommands < options.length)
    form.fail(
      "options",
      "APPLICATION_COMMAND_OPTIONS_TYPE_INVALID",
      "Sub-command and sub-command group option types are mutually exclusive to all other types",
    );
}

function checkValueOption(option: Form, type: number): void {
  const choices = option.children("choices", { max: 25 }) ?? [];
  if (choices.length > 0 && !WITH_CHOICES.includes(type))
    option.fail(
      "choices",
      "APPLICATION_COMMAND_OPTIONS_CHOICES_INVALID",
      "Choices are not allowed for this type",
    );
  const seen = new Set<string>();
  for (const choice of choices) {
    choice.text("name", { min: 1, max: 100, isRequired: true });
    checkLocalizations(choice, "description", false);
    if (type === OptionType.string) choice.text("value", { min: 1, max: 100, isRequired: true });
    else if (typeof choice.value.value !== "number")
      choice.fail("value", "NUMBER_TYPE_COERCE", `Value "${String(choice.value.value)}" is not a number.`);
    const name = String(choice.value.name);
    if (seen.has(name))
      choice.fail(
        "name",
        "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS",
        "Option choice name already exists",
      );
    seen.add(name);
  }
  const isAutocomplete = option.flag("autocomplete") ?? false;
  if (isAutocomplete && (choices.length > 0 || !WITH_CHOICES.includes(type)))
    option.fail(
      "autocomplete",
      "APPLICATION_COMMAND_OPTIONS_AUTOCOMPLETE_INVALID",
      "Autocomplete is not allowed here",
    );
  if (type === OptionType.string) {
    option.integer("min_length", { min: 0, max: 6000 });
    option.integer("max_length", { min: 1, max: 6000 });
  }
  checkFileTypes(option);
  if (option.has("file_types") && type !== OptionType.attachment)
    option.fail(
      "file_types",
      "APPLICATION_COMMAND_OPTIONS_FILE_TYPES_INVALID",
      "File types are not allowed for this type",
    );
}

/** Characters that count towards the limit of 8000: the longest translation of each text. */
function commandSize(value: JsonObject): number {
  let size =
    longest(value.name, value.name_localizations) +
    longest(value.description, value.description_localizations);
  if (typeof value.value === "string") size += textLength(value.value);
  for (const key of ["options", "choices"]) {
    const list = value[key];
    if (Array.isArray(list)) for (const item of list) size += commandSize(item as JsonObject);
  }
  return size;
}

function longest(text: unknown, localizations: unknown): number {
  const all = [text, ...Object.values((localizations ?? {}) as JsonObject)];
  return Math.max(0, ...all.map((one) => (typeof one === "string" ? textLength(one) : 0)));
}
