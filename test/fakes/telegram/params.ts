/**
 * Parameters of a call. The wire knows strings only (JSON bodies are flattened to the same), so every reading
 * converts and refuses what cannot be converted. The real server turns many of those into 0 or false; the
 * fake is stricter on purpose, with the words the server uses for fields of JSON objects.
 */

import { badRequest } from "./errors.ts";

/** A file that came with the request. */
export interface UploadedFile {
  name: string;
  mimeType: string;
  sizeBytes: number;
  sha256: string;
  /** Null when the file was too large to keep. */
  bytes: Buffer | null;
}

type JsonKind = "string" | "number" | "boolean" | "json";

/** One parameter as it came; `kind` is what a JSON body said, `string` for all forms. */
export interface RawParam {
  text: string;
  kind: JsonKind;
}

/** A JSON object whose fields are still to be checked. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Reads the parameters of one call. */
export class Params {
  readonly #values: ReadonlyMap<string, RawParam>;
  readonly files: ReadonlyMap<string, UploadedFile>;

  constructor(values: ReadonlyMap<string, RawParam>, files: ReadonlyMap<string, UploadedFile>) {
    this.#values = values;
    this.files = files;
  }

  /** Whether the parameter came and is not empty. */
  has(name: string): boolean {
    return (this.#values.get(name)?.text ?? "") !== "";
  }

  /** "" when absent. */
  text(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) return "";
    if (value.kind === "boolean" || value.kind === "json") {
      throw badRequest(`Field "${name}" must be of type String`);
    }
    return value.text;
  }

  /** An identifier that may be a number or a string. */
  id(name: string): string {
    return this.text(name).trim();
  }

  /** `fallback` when absent; clamped to the range as the real server clamps. */
  int(name: string, fallback = 0, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER): number {
    const value = this.#values.get(name);
    if (value === undefined || value.text === "") return fallback;
    if (value.kind === "boolean" || value.kind === "json")
      throw badRequest(`Field "${name}" must be a Number`);
    if (!/^-?\d{1,16}$/.test(value.text)) throw badRequest(`Field "${name}" must be a valid Number`);
    return Math.min(max, Math.max(min, Number(value.text)));
  }

  /** False when absent. */
  bool(name: string): boolean {
    const text = (this.#values.get(name)?.text ?? "").toLowerCase();
    if (text === "" || text === "false" || text === "0" || text === "no") return false;
    if (text === "true" || text === "1" || text === "yes") return true;
    throw badRequest(`Field "${name}" must be of type Boolean`);
  }

  /** The parsed JSON of a parameter; undefined when absent. `what` names it in the refusal. */
  json(name: string, what: string): unknown {
    const value = this.#values.get(name);
    if (value === undefined || value.text === "") return undefined;
    try {
      return JSON.parse(value.text);
    } catch {
      throw badRequest(`Can't parse ${what} JSON object`);
    }
  }

  /** All parameters in a form that tests can compare: known JSON decoded, whole numbers as numbers. */
  forRecord(): Record<string, unknown> {
    const record: Record<string, unknown> = {};
    for (const [name, value] of this.#values) record[name] = decodeForRecord(name, value.text);
    return record;
  }

  /** Every text of the call, for the search for secrets. */
  allTexts(): string[] {
    return [...this.#values.values()].map((value) => value.text);
  }
}

const JSON_PARAMS = new Set([
  "allowed_updates",
  "caption_entities",
  "commands",
  "entities",
  "link_preview_options",
  "media",
  "message_ids",
  "ephemeral_message_parameters",
  "reply_markup",
  "reply_parameters",
  "scope",
]);

const TEXT_PARAMS = new Set(["text", "caption", "callback_query_id", "description", "short_description"]);

function decodeForRecord(name: string, text: string): unknown {
  if (JSON_PARAMS.has(name)) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  if (!TEXT_PARAMS.has(name) && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (text === "true" || text === "false") return text === "true";
  return text;
}

/** True for a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A string field of a JSON object; numbers are taken as text, like on the real server. Throws when missing. */
export function requiredString(object: JsonObject, name: string): string {
  if (!(name in object)) throw new FieldError(`Can't find field "${name}"`);
  return optionalString(object, name);
}

/** A string field, "" when absent. */
export function optionalString(object: JsonObject, name: string): string {
  const value = object[name];
  if (value === undefined || value === null) return "";
  if (typeof value === "number") return String(value);
  if (typeof value !== "string") throw new FieldError(`Field "${name}" must be of type String`);
  return value;
}

/** An integer field; throws when missing. */
export function requiredInt(object: JsonObject, name: string): number {
  if (!(name in object)) throw new FieldError(`Can't find field "${name}"`);
  return optionalInt(object, name);
}

/** An integer field, 0 when absent; digits in a string count. */
export function optionalInt(object: JsonObject, name: string): number {
  const value = object[name];
  if (value === undefined || value === null) return 0;
  if (typeof value !== "string" && typeof value !== "number") {
    throw new FieldError(`Field "${name}" must be a Number`);
  }
  const number = Number(value);
  if (value === "" || !Number.isSafeInteger(number))
    throw new FieldError(`Field "${name}" must be a valid Number`);
  return number;
}

/** A boolean field, false when absent. */
export function optionalBool(object: JsonObject, name: string): boolean {
  const value = object[name];
  if (value === undefined || value === null) return false;
  if (typeof value !== "boolean") throw new FieldError(`Field "${name}" must be of type Boolean`);
  return value;
}

/** A field of a JSON object is missing or of the wrong type. */
export class FieldError extends Error {}

/** Runs `read` and words its field errors as a refusal, after `prefix`. */
export function refusingFields<T>(prefix: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof FieldError) throw badRequest(`${prefix}${error.message}`);
    throw error;
  }
}
