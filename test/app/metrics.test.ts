import { describe, expect, it } from "vitest";
import { PrometheusMetrics } from "../../src/app/prometheus.ts";

const create = () => new PrometheusMetrics({ version: "1.2.3", role: "worker" });

/** Lines of our own metrics that begin like this. */
async function lines(metrics: PrometheusMetrics, start: string): Promise<string[]> {
  return (await metrics.text()).split("\n").filter((line) => line.startsWith(start));
}

describe("the metrics", () => {
  it("count turns by outcome, each from 0 on", async () => {
    const metrics = create();
    metrics.turnEnded("done");
    metrics.turnEnded("done");
    metrics.turnEnded("failed");
    expect(await lines(metrics, "nemobot_turns_total")).toEqual([
      'nemobot_turns_total{outcome="done"} 2',
      'nemobot_turns_total{outcome="unchanged"} 0',
      'nemobot_turns_total{outcome="recovered"} 0',
      'nemobot_turns_total{outcome="failed"} 1',
      'nemobot_turns_total{outcome="cancelled"} 0',
    ]);
  });

  it("tell times in seconds", async () => {
    const metrics = create();
    metrics.firstReply(1_500);
    metrics.exportEnded("delivered", 45_000);
    expect(await lines(metrics, "nemobot_first_reply_seconds")).toEqual(
      expect.arrayContaining([
        'nemobot_first_reply_seconds_bucket{le="1"} 0',
        'nemobot_first_reply_seconds_bucket{le="2"} 1',
        "nemobot_first_reply_seconds_sum 1.5",
      ]),
    );
    expect(await lines(metrics, "nemobot_export")).toEqual(
      expect.arrayContaining([
        'nemobot_exports_total{outcome="delivered"} 1',
        'nemobot_exports_total{outcome="timed-out"} 0',
        'nemobot_export_duration_seconds_sum{outcome="delivered"} 45',
      ]),
    );
  });

  it("take a clock that was set back", async () => {
    const metrics = create();
    metrics.firstReply(-5_000);
    expect(await lines(metrics, "nemobot_first_reply_seconds_sum")).toEqual([
      "nemobot_first_reply_seconds_sum 0",
    ]);
  });

  it("count bytes, open streams and recovered work", async () => {
    const metrics = create();
    metrics.uploaded(1_000);
    metrics.uploaded(24);
    metrics.streams(1);
    metrics.streams(1);
    metrics.streams(-1);
    metrics.recovered("export");
    expect(await lines(metrics, "nemobot_upload_bytes_total")).toEqual(["nemobot_upload_bytes_total 1024"]);
    expect(await lines(metrics, "nemobot_active_streams")).toEqual(["nemobot_active_streams 1"]);
    expect(await lines(metrics, "nemobot_recoveries_total")).toEqual([
      'nemobot_recoveries_total{kind="turn"} 0',
      'nemobot_recoveries_total{kind="export"} 1',
    ]);
  });

  it.each([
    { status: 200, label: "2xx" },
    { status: 204, label: "2xx" },
    { status: 403, label: "4xx" },
    { status: 429, label: "429" },
    { status: 502, label: "5xx" },
    { status: null, label: "none" },
    { status: 0, label: "none" },
    { status: 1_234, label: "none" },
  ])("count a platform's answer with status $status as $label", async ({ status, label }) => {
    const metrics = create();
    metrics.apiCall("telegram", status);
    expect(await lines(metrics, "nemobot_platform_api_calls_total")).toEqual([
      `nemobot_platform_api_calls_total{platform="telegram",status="${label}"} 1`,
    ]);
  });

  it("ask the queue at each scrape", async () => {
    const metrics = create();
    let depth = 3;
    metrics.watchQueue({ depth: async () => depth });
    expect(await lines(metrics, "nemobot_queue_depth")).toEqual(["nemobot_queue_depth 3"]);
    depth = 0;
    expect(await lines(metrics, "nemobot_queue_depth")).toEqual(["nemobot_queue_depth 0"]);
  });

  it.each([
    { how: "fails", depth: () => Promise.reject(new Error("away")) },
    { how: "does not answer", depth: () => new Promise<number>(() => {}) },
  ])("are there while a queue $how", async ({ depth }) => {
    const metrics = create();
    metrics.watchQueue({ depth });
    expect(await lines(metrics, "nemobot_queue_depth")).toEqual(["nemobot_queue_depth Nan"]);
    expect(await lines(metrics, "nemobot_info")).toEqual(['nemobot_info{version="1.2.3",role="worker"} 1']);
  });

  it("tell of the process: its memory and how late its event loop is", async () => {
    const text = await create().text();
    expect(text).toContain("\nprocess_resident_memory_bytes ");
    expect(text).toContain("\nnodejs_eventloop_lag_p99_seconds ");
  });

  it("of two bots in one process are apart", async () => {
    const [one, other] = [create(), create()];
    one.turnEnded("done");
    expect(await lines(other, 'nemobot_turns_total{outcome="done"}')).toEqual([
      'nemobot_turns_total{outcome="done"} 0',
    ]);
  });
});
