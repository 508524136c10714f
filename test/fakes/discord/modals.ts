/**
 * What a modal may hold.
 * Source: Discord docs, "Interaction Callback Data: Modal" and "Component Reference" (Label, Text Input).
 */

import type { ComponentWalk } from "./components.ts";
import {
  checkCustomId,
  checkSelect,
  checkTextDisplay,
  hasType,
  newWalk,
  noteComponent,
} from "./components.ts";
import { checkFileTypes } from "./file-types.ts";
import type { Form } from "./form.ts";
import { ComponentType, textLength } from "./wire.ts";

const SELECTS: readonly number[] = [
  ComponentType.stringSelect,
  ComponentType.userSelect,
  ComponentType.roleSelect,
  ComponentType.mentionableSelect,
  ComponentType.channelSelect,
];

const CHOICES: readonly number[] = [
  ComponentType.radioGroup,
  ComponentType.checkboxGroup,
  ComponentType.checkbox,
];

/** Checks `data` of a callback of type 9. */
export function checkModal(form: Form): void {
  form.text("custom_id", { min: 1, max: 100, isRequired: true });
  form.text("title", { min: 1, max: 45, isRequired: true });
  const walk = newWalk();
  const rows = form.children("components", { min: 1, max: 5, isRequired: true }) ?? [];
  for (const row of rows) {
    if (!hasType(row, [ComponentType.actionRow, ComponentType.label, ComponentType.textDisplay])) continue;
    if (row.value.type === ComponentType.textDisplay) checkTextDisplay(row, walk);
    else if (row.value.type === ComponentType.label) checkLabel(row, walk);
    else {
      noteComponent(row, walk);
      for (const child of row.children("components", { min: 1, max: 1, isRequired: true }) ?? []) {
        if (hasType(child, [ComponentType.textInput])) checkTextInput(child, walk, "row");
      }
    }
  }
}

function checkLabel(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  form.text("label", { min: 1, max: 45, isRequired: true });
  form.text("description", { min: 1, max: 100 });
  const inner = form.child("component", { isRequired: true });
  if (inner === undefined) return;
  const allowed = [ComponentType.textInput, ...SELECTS, ComponentType.fileUpload, ...CHOICES];
  if (!hasType(inner, allowed)) return;
  const type = inner.value.type;
  if (type === ComponentType.textInput) checkTextInput(inner, walk, "label");
  else if (type === ComponentType.fileUpload) checkFileUpload(inner, walk);
  else if (typeof type === "number" && SELECTS.includes(type)) checkSelect(inner, walk, "modal");
  else checkChoices(inner, walk);
}

/** Radio groups of 2–10 options, checkbox groups of 1–10, and single checkboxes. */
function checkChoices(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  checkCustomId(form, walk);
  form.flag("required");
  if (form.value.type === ComponentType.checkbox) return;
  const min = form.value.type === ComponentType.radioGroup ? 2 : 1;
  const options = form.children("options", { min, max: 10, isRequired: true }) ?? [];
  const values = new Set<string>();
  for (const option of options) {
    option.text("label", { min: 1, max: 100, isRequired: true });
    option.text("description", { max: 100 });
    option.flag("default");
    const value = option.text("value", { min: 1, max: 100, isRequired: true }) ?? "";
    if (values.has(value))
      option.fail(
        "value",
        "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
        "The specified option value is already used",
      );
    values.add(value);
  }
  const defaults = options.filter((option) => option.value.default === true).length;
  if (form.value.type === ComponentType.radioGroup && defaults > 1)
    form.fail("options", "SELECT_COMPONENT_TOO_MANY_DEFAULT_VALUES", "Too many options are set as default");
}

function checkTextInput(form: Form, walk: ComponentWalk, place: "row" | "label"): void {
  noteComponent(form, walk);
  checkCustomId(form, walk);
  form.integer("style", { choices: [1, 2], isRequired: true });
  // In a label the text's own label is deprecated; one that is empty is refused all the same.
  form.text("label", { min: 1, max: 45, isRequired: place === "row" });
  const min = form.integer("min_length", { min: 0, max: 4000 }) ?? 0;
  const max = form.integer("max_length", { min: 1, max: 4000 }) ?? 4000;
  if (min > max) form.fail("min_length", "TEXT_INPUT_MIN_GREATER_THAN_MAX", "min_length exceeds max_length");
  form.flag("required");
  form.text("placeholder", { max: 100 });
  const value = form.text("value", { max: 4000 });
  if (value !== undefined && value !== "" && (textLength(value) > max || textLength(value) < min))
    form.fail("value", "BASE_TYPE_BAD_LENGTH", `Must be between ${min} and ${max} in length.`);
}

function checkFileUpload(form: Form, walk: ComponentWalk): void {
  noteComponent(form, walk);
  checkCustomId(form, walk);
  const min = form.integer("min_values", { min: form.value.required === false ? 0 : 1, max: 10 }) ?? 1;
  const max = form.integer("max_values", { min: 1, max: 10 }) ?? 1;
  if (min > max)
    form.fail("min_values", "SELECT_COMPONENT_MIN_VALUES_GREATER_THAN_MAX", "min_values exceeds max_values");
  checkFileTypes(form);
}
