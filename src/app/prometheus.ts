/** The operator's counts in Prometheus's form. Source: the `Metrics` port; docs/operations.md, "Health and metrics". */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Metrics } from "../core/ports/runtime.ts";
import type { WorkQueue } from "../core/ports/work-queue.ts";
import { within } from "../lib/timeout.ts";

type Outcome<Ended extends "turnEnded" | "exportEnded"> = Parameters<Metrics[Ended]>[0];

const TURN_OUTCOMES: Outcome<"turnEnded">[] = ["done", "unchanged", "recovered", "failed", "cancelled"];
const EXPORT_OUTCOMES: Outcome<"exportEnded">[] = ["delivered", "failed", "timed-out", "cancelled"];
const RECOVERED: Parameters<Metrics["recovered"]>[0][] = ["turn", "export"];

/** Up to the longest a turn may take (TURN_TIMEOUT_MS). */
const REPLY_BUCKETS_S = [0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900];
/** Up to the longest an export may take (EXPORT_TIMEOUT_MS). */
const EXPORT_BUCKETS_S = [5, 10, 20, 30, 60, 120, 180, 300, 450, 600, 900];

/** A queue that has not told its length by then is left out of the scrape; Prometheus waits ten seconds. */
const DEPTH_TIMEOUT_MS = 1_000;

/** Counts in a registry of its own. No label holds anything that comes from people. */
export class PrometheusMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #turns = this.#counter("turns_total", "Requests of people that came to their end", ["outcome"]);
  readonly #firstReply = new Histogram({
    name: "nemobot_first_reply_seconds",
    help: "From the moment a message came in to the first word the person read",
    buckets: REPLY_BUCKETS_S,
    registers: [this.#registry],
  });
  readonly #exports = this.#counter("exports_total", "Exports that came to their end", ["outcome"]);
  readonly #exportDuration = new Histogram({
    name: "nemobot_export_duration_seconds",
    help: "From the request of an export to its end",
    labelNames: ["outcome"],
    buckets: EXPORT_BUCKETS_S,
    registers: [this.#registry],
  });
  readonly #uploadBytes = this.#counter("upload_bytes_total", "Bytes of files that went to the backend");
  readonly #streams = new Gauge({
    name: "nemobot_active_streams",
    help: "Open streams of the backend",
    registers: [this.#registry],
  });
  readonly #recoveries = this.#counter("recoveries_total", "Work of a process that died, taken up again", [
    "kind",
  ]);
  readonly #apiCalls = this.#counter(
    "platform_api_calls_total",
    "Answers of the chat platforms by status (2xx, 4xx, 429, 5xx); none: no answer came",
    ["platform", "status"],
  );
  readonly #setAside = this.#counter(
    "events_set_aside_total",
    "Events of the chat platforms that led to nothing: unreadable, or their handling failed for good",
    ["platform", "reason"],
  );
  readonly #unexpected = this.#counter(
    "unexpected_errors_total",
    "Unexpected errors, each of which ended only what it happened in",
    ["where"],
  );

  constructor(process: { version: string; role: string }) {
    collectDefaultMetrics({ register: this.#registry });
    new Gauge({
      name: "nemobot_info",
      help: "Always 1: what this process is",
      labelNames: ["version", "role"],
      registers: [this.#registry],
    }).set(process, 1);
    // A series that starts at 0 shows its first event as a rise.
    for (const outcome of TURN_OUTCOMES) this.#turns.inc({ outcome }, 0);
    for (const outcome of EXPORT_OUTCOMES) this.#exports.inc({ outcome }, 0);
    for (const kind of RECOVERED) this.#recoveries.inc({ kind }, 0);
  }

  turnEnded(outcome: Outcome<"turnEnded">): void {
    this.#turns.inc({ outcome });
  }

  firstReply(ms: number): void {
    this.#firstReply.observe(seconds(ms));
  }

  exportEnded(outcome: Outcome<"exportEnded">, ms: number): void {
    this.#exports.inc({ outcome });
    this.#exportDuration.observe({ outcome }, seconds(ms));
  }

  uploaded(bytes: number): void {
    this.#uploadBytes.inc(Math.max(0, bytes));
  }

  streams(change: 1 | -1): void {
    this.#streams.inc(change);
  }

  recovered(kind: "turn" | "export"): void {
    this.#recoveries.inc({ kind });
  }

  apiCall(platform: string, status: number | null): void {
    this.#apiCalls.inc({ platform, status: statusLabel(status) });
  }

  eventSetAside(platform: string, reason: Parameters<Metrics["eventSetAside"]>[1]): void {
    this.#setAside.inc({ platform, reason });
  }

  unexpectedError(where: string): void {
    this.#unexpected.inc({ where });
  }

  /** From now on each scrape tells how much `queue` holds; NaN when it does not answer. */
  watchQueue(queue: Pick<WorkQueue, "depth">): void {
    new Gauge({
      name: "nemobot_queue_depth",
      help: "Work that waits or runs; with Redis that of all processes",
      registers: [this.#registry],
      async collect() {
        const unknown = Number.NaN;
        this.set(await within(DEPTH_TIMEOUT_MS, queue.depth(), unknown).catch(() => unknown));
      },
    });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything counted so far, in Prometheus's text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[] = []): Counter<Label> {
    return new Counter({ name: `nemobot_${name}`, help, labelNames, registers: [this.#registry] });
  }
}

/** A clock that was set back must not make a count throw. */
function seconds(ms: number): number {
  return Math.max(0, ms) / 1_000;
}

function statusLabel(status: number | null): string {
  if (status === 429) return "429";
  return status !== null && status >= 100 && status < 600 ? `${Math.floor(status / 100)}xx` : "none";
}
