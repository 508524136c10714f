/** Turns what a user types into the data of a command, with the checks the Discord client makes. */

import { OptionType } from "./command-form.ts";
import type { Command } from "./commands.ts";
import type { Core } from "./core.ts";
import { passesFileTypes } from "./file-types.ts";
import { attach, type FileSpec } from "./files.ts";
import { attachmentWire } from "./serialize-message.ts";
import { type JsonObject, textLength } from "./wire.ts";

/** Values by option name; a file for an attachment option. */
export interface CommandInput {
  options?: Readonly<Record<string, string | number | boolean>>;
  attachments?: Readonly<Record<string, FileSpec>>;
}

/** Data of a slash command. Throws where the client would not let the user send it. */
export function commandData(core: Core, command: Command, input: CommandInput): JsonObject {
  const known = optionsOf(command);
  const options: JsonObject[] = [];
  const attachments: JsonObject = {};
  for (const [name, value] of Object.entries(input.options ?? {})) {
    const option = find(known, name, command);
    options.push({ name, type: option.type, value: checkedValue(option, value) });
  }
  for (const [name, spec] of Object.entries(input.attachments ?? {})) {
    const option = find(known, name, command);
    if (option.type !== OptionType.attachment) throw new Error(`option ${name} takes no file`);
    const types = Array.isArray(option.file_types) ? (option.file_types as string[]) : [];
    if (!passesFileTypes(spec.name ?? "clip.mp4", types))
      throw new Error(`${spec.name} is not among ${types}`);
    const attachment = attach(core, spec, "ephemeral");
    attachments[attachment.id] = attachmentWire(attachment, core.cdn);
    options.push({ name, type: OptionType.attachment, value: attachment.id });
  }
  const missing = known.filter(
    (one) => one.required === true && !options.some((given) => given.name === one.name),
  );
  if (missing.length > 0)
    throw new Error(`/${command.name} needs ${missing.map((one) => one.name).join(", ")}`);
  return {
    id: command.id,
    name: command.name,
    type: command.type,
    ...(options.length === 0 ? {} : { options }),
    ...(Object.keys(attachments).length === 0 ? {} : { resolved: { attachments } }),
  };
}

/** Data of an autocomplete: the text so far, and what else is filled in. */
export function autocompleteData(
  command: Command,
  focused: string,
  text: string,
  others: Readonly<Record<string, string | number | boolean>>,
): JsonObject {
  const known = optionsOf(command);
  const option = find(known, focused, command);
  if (option.autocomplete !== true) throw new Error(`option ${focused} has no autocomplete`);
  const rest = Object.entries(others).map(([name, value]) => ({
    name,
    type: find(known, name, command).type,
    value,
  }));
  return {
    id: command.id,
    name: command.name,
    type: command.type,
    options: [...rest, { name: focused, type: option.type, value: text, focused: true }],
  };
}

function optionsOf(command: Command): JsonObject[] {
  return Array.isArray(command.options) ? (command.options as JsonObject[]) : [];
}

function find(options: readonly JsonObject[], name: string, command: Command): JsonObject {
  const option = options.find((one) => one.name === name);
  if (option === undefined) throw new Error(`/${command.name} has no option ${name}`);
  return option;
}

function checkedValue(option: JsonObject, value: string | number | boolean): string | number | boolean {
  const name = String(option.name);
  const expected: Readonly<Record<number, string>> = {
    [OptionType.string]: "string",
    [OptionType.integer]: "number",
    [OptionType.number]: "number",
    [OptionType.boolean]: "boolean",
  };
  const type = expected[Number(option.type)] ?? "string";
  if (typeof value !== type) throw new Error(`option ${name} takes a ${type}`);
  const choices = Array.isArray(option.choices) ? (option.choices as JsonObject[]) : [];
  if (choices.length > 0) {
    const choice = choices.find((one) => one.value === value || one.name === value);
    if (choice === undefined) throw new Error(`${String(value)} is no choice of option ${name}`);
    return choice.value as string | number;
  }
  if (typeof value === "string") {
    const length = textLength(value);
    if (length < Number(option.min_length ?? 0) || length > Number(option.max_length ?? 6000))
      throw new Error(`the client does not accept a text of ${length} characters for option ${name}`);
  }
  if (typeof value === "number") {
    const isIn = value >= Number(option.min_value ?? value) && value <= Number(option.max_value ?? value);
    if (!isIn) throw new Error(`${value} is out of range for option ${name}`);
  }
  return value;
}
