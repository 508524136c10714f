/** Turns what a user fills into a modal into the data of its submission, with the client's checks. */

import type { Core } from "./core.ts";
import { passesFileTypes } from "./file-types.ts";
import { attach, type FileSpec } from "./files.ts";
import { attachmentWire } from "./serialize-message.ts";
import { ComponentType, type JsonObject, textLength } from "./wire.ts";

/** What goes into a field: text, chosen values, or files. */
export type ModalValue = string | readonly string[] | readonly FileSpec[];

/** Data of a submission. Fields are named by `custom_id` or by their label. */
export function modalData(
  core: Core,
  modal: JsonObject,
  values: Readonly<Record<string, ModalValue>>,
): JsonObject {
  const attachments: JsonObject = {};
  const used = new Set<string>();
  let nextId = 1;
  const id = (component: JsonObject) => (typeof component.id === "number" ? component.id : nextId++);

  const valueFor = (field: JsonObject, label: unknown): ModalValue | undefined => {
    const key = [String(field.custom_id), String(label)].find((one) => values[one] !== undefined);
    if (key !== undefined) used.add(key);
    return key === undefined ? undefined : values[key];
  };

  const submit = (field: JsonObject, label: unknown): JsonObject => {
    const value = valueFor(field, label);
    const common = { type: field.type, id: id(field), custom_id: field.custom_id };
    if (field.type === ComponentType.textInput) return { ...common, value: checkedText(field, value) };
    // The client sends what is chosen from the start.
    const options = (Array.isArray(field.options) ? field.options : []) as JsonObject[];
    const chosen = options.filter((one) => one.default === true).map((one) => String(one.value));
    const list = value === undefined ? chosen : typeof value === "string" ? [value] : value;
    if (field.required !== false && list.length === 0) throw new Error(`${String(label)} must be filled`);
    if (field.type !== ComponentType.fileUpload) {
      if (options.length > 0) checkChosen(field, list);
      if (field.type === ComponentType.radioGroup) return { ...common, value: list[0] ?? null };
      return { ...common, values: list };
    }
    const types = Array.isArray(field.file_types) ? (field.file_types as string[]) : [];
    if (list.length > Number(field.max_values ?? 1)) throw new Error("too many files for the modal");
    const ids = list.map((item) => {
      const spec = typeof item === "string" ? { name: item } : item;
      if (!passesFileTypes(spec.name ?? "clip.mp4", types))
        throw new Error(`${spec.name} is not among ${types}`);
      const attachment = attach(core, spec, "ephemeral");
      attachments[attachment.id] = attachmentWire(attachment, core.cdn);
      return attachment.id;
    });
    return { ...common, values: ids };
  };

  const rows = (Array.isArray(modal.components) ? modal.components : []) as JsonObject[];
  const components = rows.map((row) => {
    const { type } = row;
    if (type === ComponentType.textDisplay) return { type, id: id(row) };
    if (type === ComponentType.label) {
      const inner = row.component as JsonObject;
      return { type, id: id(row), component: submit(inner, row.label) };
    }
    const children = (row.components as JsonObject[]).map((child) => submit(child, child.label));
    return { type, id: id(row), components: children };
  });
  const unknown = Object.keys(values).filter((key) => !used.has(key));
  if (unknown.length > 0) throw new Error(`the modal has no field ${unknown.join(", ")}`);
  return {
    custom_id: modal.custom_id,
    components,
    ...(Object.keys(attachments).length === 0 ? {} : { resolved: { attachments } }),
  };
}

function checkedText(field: JsonObject, value: ModalValue | undefined): string {
  const text = typeof value === "string" ? value : typeof field.value === "string" ? field.value : "";
  const name = String(field.custom_id);
  if (field.required !== false && text === "") throw new Error(`field ${name} must be filled`);
  const length = textLength(text);
  if (text !== "" && (length < Number(field.min_length ?? 0) || length > Number(field.max_length ?? 4000)))
    throw new Error(`the client does not accept a text of ${length} characters for field ${name}`);
  return text;
}

function checkChosen(field: JsonObject, list: readonly unknown[]): void {
  const known = ((field.options ?? []) as JsonObject[]).map((one) => one.value);
  for (const item of list)
    if (!known.includes(item)) throw new Error(`${String(item)} is no option of the menu`);
}
