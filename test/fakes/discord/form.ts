/**
 * Reads a JSON body field by field; every wrong field is noted with the path and words the real server uses.
 * Source: Discord docs, "Reference: Error Messages".
 */

import type { FormErrors } from "./errors.ts";
import { isObject, type JsonObject, textLength } from "./wire.ts";

/** Bounds of a text, a number or a list. */
export interface Bounds {
  min?: number;
  max?: number;
  isRequired?: boolean;
}

type Path = readonly (string | number)[];

/** One object of a form. */
export class Form {
  readonly value: JsonObject;
  readonly path: Path;
  readonly errors: FormErrors;

  constructor(value: JsonObject, path: Path, errors: FormErrors) {
    this.value = value;
    this.path = path;
    this.errors = errors;
  }

  /** True when the field is there and not null. */
  has(key: string): boolean {
    return this.value[key] !== undefined && this.value[key] !== null;
  }

  /** Notes an error at `key`, or at the object itself without one. */
  fail(key: string | null, code: string, message: string): void {
    this.errors.add(key === null ? this.path : [...this.path, key], code, message);
  }

  /** A text; undefined when absent, null or wrong. White space alone does not make up a least length. */
  text(key: string, bounds: Bounds = {}): string | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (typeof value !== "string") {
      this.fail(key, "STRING_TYPE_CONVERT", "Could not interpret string.");
      return undefined;
    }
    const length = value.trim() === "" ? 0 : textLength(value);
    return this.#inBounds(key, length, bounds) ? value : undefined;
  }

  /** A whole number. */
  integer(key: string, bounds: Bounds & { choices?: readonly number[] } = {}): number | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (typeof value !== "number" || !Number.isInteger(value)) {
      this.fail(key, "NUMBER_TYPE_COERCE", `Value "${String(value)}" is not int.`);
      return undefined;
    }
    if (bounds.choices !== undefined && !bounds.choices.includes(value)) {
      this.fail(key, "BASE_TYPE_CHOICES", `Value must be one of (${bounds.choices.join(", ")}).`);
      return undefined;
    }
    const { min, max } = bounds;
    if (min !== undefined && value < min) {
      this.fail(key, "NUMBER_TYPE_MIN", `int value should be greater than or equal to ${min}.`);
      return undefined;
    }
    if (max !== undefined && value > max) {
      this.fail(key, "NUMBER_TYPE_MAX", `int value should be less than or equal to ${max}.`);
      return undefined;
    }
    return value;
  }

  /** True or false. */
  flag(key: string, bounds: Bounds = {}): boolean | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (typeof value === "boolean") return value;
    this.fail(key, "BOOLEAN_TYPE_CONVERT", "Must be either true or false.");
    return undefined;
  }

  /** A snowflake. */
  snowflake(key: string, bounds: Bounds = {}): string | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (typeof value === "string" && /^\d{1,20}$/.test(value)) return value;
    this.fail(key, "NUMBER_TYPE_COERCE", `Value "${String(value)}" is not snowflake.`);
    return undefined;
  }

  /** A nested object. */
  child(key: string, bounds: Bounds = {}): Form | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (isObject(value)) return new Form(value, [...this.path, key], this.errors);
    this.fail(key, "MODEL_TYPE_CONVERT", "Only dictionaries may be used in a ModelType");
    return undefined;
  }

  /** A list of objects; undefined when absent or not a list. */
  children(key: string, bounds: Bounds = {}): Form[] | undefined {
    const list = this.list(key, bounds);
    if (list === undefined) return undefined;
    const forms: Form[] = [];
    for (const [index, item] of list.entries()) {
      if (isObject(item)) forms.push(new Form(item, [...this.path, key, index], this.errors));
      else
        this.errors.add(
          [...this.path, key, index],
          "MODEL_TYPE_CONVERT",
          "Only dictionaries may be used in a ModelType",
        );
    }
    return forms;
  }

  /** A list of anything. */
  list(key: string, bounds: Bounds = {}): unknown[] | undefined {
    const value = this.#present(key, bounds);
    if (value === undefined) return undefined;
    if (!Array.isArray(value)) {
      this.fail(key, "LIST_TYPE_CONVERT", "Only iterables may be used in a ListType");
      return undefined;
    }
    this.#inBounds(key, value.length, bounds);
    return value;
  }

  /** A list of texts. */
  texts(key: string, bounds: Bounds = {}): string[] | undefined {
    const list = this.list(key, bounds);
    if (list === undefined) return undefined;
    const texts = list.filter((item) => typeof item === "string");
    if (texts.length !== list.length) this.fail(key, "STRING_TYPE_CONVERT", "Could not interpret string.");
    return texts;
  }

  #present(key: string, bounds: Bounds): unknown {
    const value = this.value[key];
    if (value !== undefined && value !== null) return value;
    if (bounds.isRequired === true) this.fail(key, "BASE_TYPE_REQUIRED", "This field is required");
    return undefined;
  }

  #inBounds(key: string, length: number, { min, max }: Bounds): boolean {
    const isShort = min !== undefined && length < min;
    const isLong = max !== undefined && length > max;
    if (!isShort && !isLong) return true;
    if (min !== undefined && max !== undefined && min > 0)
      this.fail(key, "BASE_TYPE_BAD_LENGTH", `Must be between ${min} and ${max} in length.`);
    else if (isLong) this.fail(key, "BASE_TYPE_MAX_LENGTH", `Must be ${max} or fewer in length.`);
    else this.fail(key, "BASE_TYPE_MIN_LENGTH", `Must be ${min} or more in length.`);
    return false;
  }
}
