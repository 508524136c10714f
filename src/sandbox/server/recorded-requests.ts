/** What the sandbox received, for tests to look at. Bounded: the oldest go first. */

const MAX_RECORDED = 10_000;

/** One request as it arrived. */
export interface RecordedRequest {
  method: string;
  /** Path and query. */
  path: string;
  /** Names in lower case. */
  headers: Record<string, string>;
  /** The JSON body; absent when there was none. */
  json?: unknown;
  /** Files of a multipart upload that arrived whole, or that were fetched by URL. */
  files?: { name: string; sizeBytes: number; sha256: string }[];
  /** By the sandbox's clock, epoch ms. */
  receivedAt: number;
  /** HTTP status of the answer; absent while it is open, and when the socket died before one. */
  status?: number;
}

/** A ring of recorded requests. */
export class RequestRecord {
  #requests: RecordedRequest[] = [];

  add(request: RecordedRequest): RecordedRequest {
    this.#requests.push(request);
    if (this.#requests.length > MAX_RECORDED) this.#requests.shift();
    return request;
  }

  /** By `"METHOD /path-prefix"`, or a path prefix alone; all without a filter. Oldest first. */
  matching(filter?: string): RecordedRequest[] {
    if (filter === undefined) return [...this.#requests];
    const [, method, prefix] = /^(?:([A-Z]+)\s+)?(\S*)$/.exec(filter.trim()) ?? [];
    if (prefix === undefined) throw new Error(`not a filter: "${filter}"; write "POST /run_sse" or "/api"`);
    return this.#requests.filter(
      (request) => (method === undefined || request.method === method) && request.path.startsWith(prefix),
    );
  }
}
