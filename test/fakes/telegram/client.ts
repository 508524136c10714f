/** A bare caller of the fake, for its own tests: no retries, no typing, no conveniences. */

import type { FakeTelegram } from "./fake-telegram.ts";

/** An answer as it came. */
export interface RawAnswer {
  status: number;
  // The tests look into answers of every shape.
  body: { ok: boolean; result?: unknown; description?: string; parameters?: Record<string, number> };
}

/** Calls a method with a JSON body, or with a form when `params` is one. */
export async function call(
  fake: FakeTelegram,
  method: string,
  params: Record<string, unknown> | FormData = {},
): Promise<RawAnswer> {
  const isForm = params instanceof FormData;
  const response = await fetch(`${fake.apiRoot}/bot${fake.token}/${method}`, {
    method: "POST",
    ...(isForm ? {} : { headers: { "content-type": "application/json" } }),
    body: isForm ? params : JSON.stringify(params),
  });
  // The server under test is our own, its answers are JSON.
  return { status: response.status, body: (await response.json()) as RawAnswer["body"] };
}

/** The `result` of a call that must succeed. */
export async function result<T = Record<string, unknown>>(
  fake: FakeTelegram,
  method: string,
  params: Record<string, unknown> | FormData = {},
): Promise<T> {
  const { body } = await call(fake, method, params);
  if (!body.ok) throw new Error(`${method}: ${body.description}`);
  // The caller names the shape it expects.
  return body.result as T;
}

/** A multipart form with one file. */
export function form(
  fields: Record<string, string | number>,
  file?: { field: string; bytes: Uint8Array<ArrayBuffer>; name: string },
): FormData {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, String(value));
  if (file !== undefined) data.set(file.field, new Blob([file.bytes], { type: "video/mp4" }), file.name);
  return data;
}
