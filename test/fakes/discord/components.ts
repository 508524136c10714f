/**
 * What a message's components may be: buttons and menus in rows, and the layout components of Components V2.
 * Source: Discord docs, "Component Reference".
 */

import type { Form } from "./form.ts";
import { ComponentType, textLength } from "./wire.ts";

/** Components of one message in the newer form. */
const MAX_V2_COMPONENTS = 40;

/** Characters of all text displays of one message. */
const MAX_V2_TEXT = 4000;

const SELECTS: readonly number[] = [
  ComponentType.stringSelect,
  ComponentType.userSelect,
  ComponentType.roleSelect,
  ComponentType.mentionableSelect,
  ComponentType.channelSelect,
];

const TOP_LEVEL_V2: readonly number[] = [
  ComponentType.actionRow,
  ComponentType.section,
  ComponentType.textDisplay,
  ComponentType.mediaGallery,
  ComponentType.file,
  ComponentType.separator,
  ComponentType.container,
];

/** What is counted while a tree of components is walked. */
export interface ComponentWalk {
  customIds: Set<string>;
  ids: Set<number>;
  count: number;
  textLength: number;
  /** Names of files sent along, for `attachment://`. */
  fileNames: ReadonlySet<string>;
}

/** A fresh count. */
export function newWalk(fileNames: ReadonlySet<string> = new Set()): ComponentWalk {
  return { customIds: new Set(), ids: new Set(), count: 0, textLength: 0, fileNames };
}

/** Checks `components` of a message. */
export function checkMessageComponents(
  form: Form,
  options: { isV2: boolean; fileNames: ReadonlySet<string> },
): void {
  const walk = newWalk(options.fileNames);
  const rows = form.children("components", options.isV2 ? { max: MAX_V2_COMPONENTS } : { max: 5 }) ?? [];
  for (const row of rows) {
    if (options.isV2) checkV2(row, TOP_LEVEL_V2, walk);
    else if (hasType(row, [ComponentType.actionRow])) checkRow(row, walk);
  }
  if (walk.count > MAX_V2_COMPONENTS)
    form.fail(
      "components",
      "COMPONENT_MAX_TOTAL_COMPONENTS_EXCEEDED",
      `Maximum number of components (${MAX_V2_COMPONENTS}) exceeded`,
    );
  if (walk.textLength > MAX_V2_TEXT)
    form.fail(
      "components",
      "COMPONENT_DISPLAYABLE_TEXT_SIZE_EXCEEDED",
      `Displayable text size exceeds maximum size (${MAX_V2_TEXT})`,
    );
}

function checkV2(form: Form, allowed: readonly number[], walk: ComponentWalk): void {
  if (!hasType(form, allowed)) return;
  switch (form.value.type) {
    case ComponentType.actionRow:
      checkRow(form, walk);
      return;
    case ComponentType.container: {
      noteComponent(form, walk);
      form.integer("accent_color", { min: 0, max: 0xffffff });
      const inner = TOP_LEVEL_V2.filter((type) => type !== ComponentType.container);
      for (const child of form.children("components", { min: 1, max: 40, isRequired: true }) ?? [])
        checkV2(child, inner, walk);
      return;
    }
    case ComponentType.section: {
      noteComponent(form, walk);
      for (const child of form.children("components", { min: 1, max: 3, isRequired: true }) ?? [])
        checkV2(child, [ComponentType.textDisplay], walk);
      const accessory = form.child("accessory", { isRequired: true });
      if (accessory === undefined || !hasType(accessory, [ComponentType.button, ComponentType.thumbnail]))
        return;
      if (accessory.value.type === ComponentType.button) checkButton(accessory, walk);
      else checkMedia(accessory, "media", walk);
      return;
    }
    case ComponentType.textDisplay:
      checkTextDisplay(form, walk);
      return;
    case ComponentType.mediaGallery:
      noteComponent(form, walk);
      for (const item of form.children("items", { min: 1, max: 10, isRequired: true }) ?? [])
        checkItem(item, "media", walk);
      return;
    case ComponentType.file:
      checkMedia(form, "file", walk);
      return;
    default:
      noteComponent(form, walk);
      form.integer("spacing", { choices: [1, 2] });
  }
}

/** Checks a text display, in a message or a modal. */
export function checkTextDisplay(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  const content = form.text("content", { min: 1, max: MAX_V2_TEXT, isRequired: true });
  walk.textLength += textLength(content ?? "");
}

function checkMedia(form: Form, key: "media" | "file", walk: ComponentWalk): void {
  noteComponent(form, walk);
  checkItem(form, key, walk);
}

function checkItem(form: Form, key: "media" | "file", walk: ComponentWalk): void {
  form.text("description", { max: 1024 });
  const media = form.child(key, { isRequired: true });
  const url = media?.text("url", { min: 1, max: 2048, isRequired: true });
  if (media === undefined || url === undefined) return;
  const isAttachment = url.startsWith("attachment://");
  if (isAttachment && !walk.fileNames.has(url.slice("attachment://".length)))
    media.fail(
      "url",
      "UNFURLED_MEDIA_ITEM_REFERENCED_ATTACHMENT_NOT_FOUND",
      "The referenced attachment was not found",
    );
  if (!isAttachment && (key === "file" || !/^https?:\/\//.test(url)))
    media.fail("url", "URL_TYPE_INVALID_SCHEME", `Scheme "${url.split(":")[0] ?? ""}" is not supported.`);
}

function checkRow(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  const children = form.children("components", { min: 1, max: 5, isRequired: true }) ?? [];
  for (const child of children) {
    if (!hasType(child, [ComponentType.button, ...SELECTS])) continue;
    if (child.value.type === ComponentType.button) checkButton(child, walk);
    else {
      checkSelect(child, walk, "message");
      if (children.length > 1)
        form.fail(
          "components",
          "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
          "The specified component exceeds the maximum width",
        );
    }
  }
}

function checkButton(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  const style = form.integer("style", { choices: [1, 2, 3, 4, 5, 6], isRequired: true });
  const label = form.text("label", { max: 80 });
  form.flag("disabled");
  checkEmoji(form);
  if (style === undefined) return;
  if (style === 6) {
    form.snowflake("sku_id", { isRequired: true });
    return;
  }
  if (label === undefined && !form.has("emoji") && !form.has("label"))
    form.fail(null, "BUTTON_COMPONENT_MISSING_LABEL", "A button must have a label or an emoji.");
  if (style === 5) {
    const url = form.text("url", { min: 1, max: 512, isRequired: true });
    if (url !== undefined && !/^(https?|discord):\/\/[^\s]+$/.test(url))
      form.fail("url", "URL_TYPE_INVALID_URL", "Not a well formed URL.");
    if (form.has("custom_id"))
      form.fail(null, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and url cannot both be specified");
    return;
  }
  if (form.has("url"))
    form.fail(null, "BUTTON_COMPONENT_CUSTOM_ID_AND_URL", "A custom id and url cannot both be specified");
  checkCustomId(form, walk);
}

/** Checks any select menu. In a modal `required` may allow an empty choice, and `disabled` is refused. */
export function checkSelect(form: Form, walk: ComponentWalk, place: "message" | "modal"): void {
  noteComponent(form, walk);
  checkCustomId(form, walk);
  form.text("placeholder", { max: 150 });
  const isOptional = place === "message" || form.value.required === false;
  const min = form.integer("min_values", { min: isOptional ? 0 : 1, max: 25 }) ?? 1;
  const max = form.integer("max_values", { min: 1, max: 25 }) ?? 1;
  if (min > max)
    form.fail("min_values", "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", "min_values exceeds max_values");
  if (place === "modal" && form.value.disabled === true)
    form.fail("disabled", "COMPONENT_DISABLED_NOT_ALLOWED", "Components in a modal cannot be disabled");
  if (form.value.type !== ComponentType.stringSelect) return;
  const options = form.children("options", { min: 1, max: 25, isRequired: true }) ?? [];
  const values = new Set<string>();
  for (const option of options) {
    option.text("label", { min: 1, max: 100, isRequired: true });
    option.text("description", { max: 100 });
    option.flag("default");
    checkEmoji(option);
    const value = option.text("value", { min: 1, max: 100, isRequired: true });
    if (value !== undefined && values.has(value))
      option.fail(
        "value",
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        "The specified option value is already used",
      );
    if (value !== undefined) values.add(value);
  }
  if (options.length > 0 && (form.integer("max_values") ?? 1) > options.length)
    form.fail(
      "max_values",
      "SELECT_COMPONENT_MAX_VALUES_TOO_LARGE",
      "max_values exceeds the number of options",
    );
  const defaults = options.filter((option) => option.value.default === true).length;
  if (defaults > max)
    form.fail("options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many options are set as default");
}

/** A `custom_id` of 1–100 characters that no other component of the message has. */
export function checkCustomId(form: Form, walk: ComponentWalk): void {
  const customId = form.text("custom_id", { min: 1, max: 100, isRequired: true });
  if (customId === undefined) return;
  if (walk.customIds.has(customId))
    form.fail("custom_id", "COMPONENT_CUSTOM_ID_DUPLICATED", "Component custom id cannot be duplicated");
  walk.customIds.add(customId);
}

/** Counts a component and checks its numeric `id`. */
export function noteComponent(form: Form, walk: ComponentWalk): void {
  walk.count += 1;
  const id = form.integer("id", { min: 0, max: 2 ** 31 - 1 });
  if (id === undefined || id === 0) return;
  if (walk.ids.has(id)) form.fail("id", "COMPONENT_ID_DUPLICATED", "Component id cannot be duplicated");
  walk.ids.add(id);
}

/** True when the component's type is one of `allowed`; notes an error otherwise. */
export function hasType(form: Form, allowed: readonly number[]): boolean {
  const { type } = form.value;
  if (type === undefined) {
    form.fail("type", "BASE_TYPE_REQUIRED", "This field is required");
    return false;
  }
  if (typeof type === "number" && allowed.includes(type)) return true;
  form.fail("type", "UNION_TYPE_CHOICES", `Value of field "type" must be one of (${allowed.join(", ")}).`);
  return false;
}

function checkEmoji(form: Form): void {
  const emoji = form.child("emoji");
  if (emoji === undefined) return;
  const name = emoji.text("name", { max: 32 });
  const isUnicode =
    name !== undefined && /\p{Extended_Pictographic}|\p{Regional_Indicator}|[0-9#*]\u20e3/u.test(name);
  if (!emoji.has("id") && !isUnicode) form.fail("emoji", "COMPONENT_INVALID_EMOJI", "Invalid emoji");
}
