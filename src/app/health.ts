/** What a supervisor asks of the bot: does it live, can it work, what has it counted. Source: docs/operations.md, "Health and metrics". */
import type { ServerResponse } from "node:http";
import type { HttpServer } from "../adapters/shared/http-server.ts";
import { within } from "../lib/timeout.ts";

/** Time for one part to say whether it is ready. */
const CHECK_TIMEOUT_MS = 2_000;

/** What has to be ready before the process can do its work. */
export class Readiness {
  isStopping = false;
  readonly #parts = new Map<string, () => Promise<boolean>>();

  /** `check` tells whether `part` is ready; one that throws says no, and so does one that does not answer. */
  watch(part: string, check: () => Promise<boolean>): void {
    let asked: Promise<boolean> | null = null;
    // Requests at the same time share one answer.
    this.#parts.set(part, async () => {
      asked ??= check()
        .catch(() => false)
        .finally(() => {
          asked = null;
        });
      return within(CHECK_TIMEOUT_MS, asked, false);
    });
  }

  /** The parts that are not ready. */
  async waitingFor(): Promise<string[]> {
    const parts = await Promise.all(
      [...this.#parts].map(async ([part, check]) => ({ part, isReady: await check() })),
    );
    return parts.flatMap(({ part, isReady }) => (isReady ? [] : [part]));
  }
}

/** Serves `/healthz`, `/readyz` and `/metrics`. Answers name parts of the bot, no address and no secret. */
export function serveOperations(
  http: HttpServer,
  readiness: Readiness,
  metrics: { readonly contentType: string; text(): Promise<string> },
): void {
  http.route("GET /healthz", async (_request, response) => answer(response, 200, { status: "ok" }));
  http.route("GET /readyz", async (_request, response) => {
    const waitingFor = readiness.isStopping ? [] : await readiness.waitingFor();
    if (readiness.isStopping) answer(response, 503, { status: "stopping", waitingFor: [] });
    else if (waitingFor.length > 0) answer(response, 503, { status: "not ready", waitingFor });
    else answer(response, 200, { status: "ready" });
  });
  http.route("GET /metrics", async (_request, response) => {
    const text = await metrics.text();
    response.writeHead(200, { "content-type": metrics.contentType, "cache-control": "no-store" }).end(text);
  });
}

function answer(response: ServerResponse, status: number, body: object): void {
  response
    .writeHead(status, { "content-type": "application/json", "cache-control": "no-store" })
    .end(JSON.stringify(body));
}
