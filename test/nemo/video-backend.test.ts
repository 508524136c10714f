/** The client against the sandbox, in each way that the backend may speak. */
import { onTestFinished } from "vitest";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import type { DialectChoice } from "../../src/sandbox/scenario.ts";
import { type BackendHome, describeVideoBackend } from "../contracts/video-backend.ts";
import { client } from "./support/caller.ts";

async function startHome(dialects: DialectChoice): Promise<BackendHome> {
  const server = await startSandbox({ silentShare: 0, guiShare: 0, ffmpeg: null });
  server.scenario.setDialect(dialects);
  const { nemo } = client(server.url);
  onTestFinished(async () => {
    await nemo.close();
    await server.stop();
  });
  return { backend: nemo, server };
}

describeVideoBackend("the client, answered with codes and streamed to by an ADK server", () => startHome({}));
describeVideoBackend("the client, answered with `success` and streamed to in typed events", () =>
  startHome({
    ...({
      envelope: "success",
      session: "top-level",
      render: "B",
      renderId: "own",
      outputUrl: "missing",
    } as const),
    ...({ paths: "userdata", uploads: "in-project", sse: "typed", heartbeat: "typed" } as const),
  }),
);
