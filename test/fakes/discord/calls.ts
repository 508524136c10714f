/** The record of REST calls, for tests to look at. */

/** One request as it went. */
export interface CallRecord {
  method: string;
  /** Path below `/api/v10`, without the query. */
  path: string;
  /** Method and template, such as `POST /channels/:channel/messages`; null when the server has no such route. */
  route: string | null;
  params: Readonly<Record<string, string>>;
  query: Readonly<Record<string, string>>;
  /** JSON body or `payload_json`. */
  body: unknown;
  files: readonly { filename: string; contentType: string; sizeBytes: number }[];
  /** 0 until it was answered, or when the connection was cut instead. */
  status: number;
  answer: unknown;
  at: number;
}

/** Which calls: a route by its exact name, by a pattern, or by anything a predicate says. */
export type CallFilter = string | RegExp | ((call: CallRecord) => boolean);

/** True when the call is meant. */
export function fits(call: CallRecord, filter: CallFilter): boolean {
  if (typeof filter === "function") return filter(call);
  const route = call.route ?? `${call.method} ${call.path}`;
  if (typeof filter === "string") return route === filter;
  return filter.test(route);
}
