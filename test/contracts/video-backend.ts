/**
 * What the core may expect of a video backend, whatever dialect the server behind it speaks. Source: the
 * `VideoBackend` port.
 */
import { randomUUID } from "node:crypto";
import { createReadStream } from "node:fs";
import { describe, expect, it } from "vitest";
import type { BackendErrorKind } from "../../src/core/model/backend-error.ts";
import type { SessionRef, TurnEvent, UploadFile, VideoBackend } from "../../src/core/ports/video-backend.ts";
import type { Sandbox } from "../../src/sandbox/sandbox.ts";
import type { ScenarioAction, ScenarioTarget } from "../../src/sandbox/scenario.ts";
import { caller, never, type TestCaller } from "../nemo/support/caller.ts";
import { collect } from "../nemo/support/collect.ts";
import { CLIP, clipBytes } from "../support/test-chat.ts";

/** A backend and the server it speaks to. */
export interface BackendHome {
  backend: VideoBackend;
  /** Takes the requests, and can be told how to answer them. */
  server: Sandbox;
}

/** A session with a clip on its timeline and a render of it. */
interface Project extends BackendHome {
  who: TestCaller;
  session: SessionRef;
  renderId: string;
  clipUrl: string;
}

interface Call {
  name: keyof VideoBackend;
  on: ScenarioTarget;
  /** Method and path of its requests. */
  route: string;
  make(project: Project, signal: AbortSignal): Promise<unknown>;
}

const RENDER = "POST /api/render/proxy/lambda";
const call = (name: keyof VideoBackend, on: ScenarioTarget, route: string, make: Call["make"]): Call => ({
  name,
  on,
  route,
  make,
});

const SIGN_IN = call("signIn", "token", "POST /api/auth/anonymous-token", ({ backend }, signal) =>
  backend.signIn(caller({ token: null, clientId: randomUUID() }), signal),
);
const CREATE_SESSION = call("createSession", "session", "POST /api/tasks/", ({ backend, who }, signal) =>
  backend.createSession(who, { language: "en" }, signal),
);
const RUN_TURN = call("runTurn", "turn", "POST /run_sse", ({ backend, who, session }, signal) =>
  collect(backend.runTurn(who, { sessionId: session.sessionId, text: 'add the title "Hi"' }, signal)),
);
const UPLOAD_FILES = call("uploadFiles", "upload", "POST /api/upload-video", async (project, signal) => {
  const { backend, who, session } = project;
  return backend.uploadFiles(who, { sessionId: session.sessionId, files: [await clipFile()] }, signal);
});
const UPLOAD_URLS = call("uploadUrls", "upload", "POST /api/upload-video", (project, signal) => {
  const { backend, who, session, clipUrl } = project;
  return backend.uploadUrls(who, { sessionId: session.sessionId, urls: [clipUrl] }, signal);
});
const READ_CREDITS = call("readCredits", "credits", "GET /api/credits", ({ backend, who }, signal) =>
  backend.readCredits(who, signal),
);
const READ_STATE = call("readState", "state", "GET /api/state", ({ backend, who, session }, signal) =>
  backend.readState(who, session.sessionId, signal),
);
const SUBMIT_RENDER = call("submitRender", "render", RENDER, (project, signal) =>
  submit(project, "render_2", signal),
);
const READ_RENDER = call("readRender", "render-status", "GET /api/render/", (project, signal) =>
  project.backend.readRender(project.who, project.renderId, signal),
);
const CANCEL_RENDER = call("cancelRender", "render-cancel", `${RENDER}/`, (project, signal) =>
  project.backend.cancelRender(project.who, project.renderId, signal),
);
const OPEN_RENDER = call("openRender", "download", "GET /api/render/proxy/", async (project, signal) =>
  collect((await project.backend.openRender(project.who, project.renderId, signal)).stream),
);
const OPEN_URL = call("openUrl", "file", "GET /files/", async ({ backend, clipUrl }, signal) =>
  collect((await backend.openUrl(clipUrl, signal)).stream),
);
const CREATE_CLAIM_LINK = call("createClaimLink", "claim", "POST /api/auth/claim-token", (project, signal) =>
  project.backend.createClaimLink(project.who, project.session, signal),
);
const CALLS = [
  ...[SIGN_IN, CREATE_SESSION, RUN_TURN, UPLOAD_FILES, UPLOAD_URLS, READ_CREDITS, READ_STATE],
  ...[SUBMIT_RENDER, READ_RENDER, CANCEL_RENDER, OPEN_RENDER, OPEN_URL, CREATE_CLAIM_LINK],
];
const OF_A_SESSION = [RUN_TURN, UPLOAD_FILES, UPLOAD_URLS, READ_STATE, SUBMIT_RENDER];

/** `newHome` makes one for each test; all is gone when the test ends. */
export function describeVideoBackend(name: string, newHome: () => Promise<BackendHome>): void {
  /** Its render is over. */
  const startProject = async () => {
    const project = await openProject(await newHome());
    const phase = async () => (await READ_RENDER.make(project, never())) as { phase: string };
    await expect.poll(phase, { timeout: 10_000 }).toMatchObject({ phase: "completed" });
    return project;
  };

  describe(name, () => {
    it("gives a caller without a token one, and keeps it before it is used", async () => {
      const { backend, server } = await newHome();
      const who = caller({ token: null });
      await backend.signIn(who, never());
      expect(who.saved.at(-1)?.token).toBe(who.account.token);
      expect(who.account.token).toMatch(/\S/);
      await backend.signIn(who, never());
      expect(server.requests(SIGN_IN.route)).toHaveLength(1);
    });

    it("makes a session of its own each time", async () => {
      const { backend, who, session } = await startProject();
      const other = await backend.createSession(who, { language: "zh" }, never());
      expect(other.sessionId).not.toBe(session.sessionId);
      expect((await backend.readState(who, other.sessionId, never())).timeline.tracks).toEqual([]);
    });

    it("tells what the agent says and what it has changed", async () => {
      const project = await startProject();
      const before = await project.backend.readState(project.who, project.session.sessionId, never());
      const events = (await RUN_TURN.make(project, never())) as TurnEvent[];
      expect(textOf(events)).toContain('I added the title "Hi".');
      const { timeline } = await project.backend.readState(project.who, project.session.sessionId, never());
      expect(timeline.fingerprint).not.toBe(before.timeline.fingerprint);
      expect(JSON.stringify(timeline.tracks)).toContain("Hi");
    });

    it("is silent where the agent says nothing, and signs of life are no words", async () => {
      const project = await startProject();
      const heartbeats = { count: 3 };
      project.server.scenario.add({ on: "turn", do: { kind: "turn", silent: true, heartbeats } });
      const events = (await RUN_TURN.make(project, never())) as TurnEvent[];
      expect(textOf(events)).toBe("");
      expect(events.filter(({ type }) => type === "failure")).toEqual([]);
      expect(events.filter(({ type }) => type === "keep-alive").length).toBeGreaterThanOrEqual(1);
    });

    it("tells the agent's question", async () => {
      const project = await startProject();
      const question = {
        title: "Music",
        questions: [{ id: "q", prompt: "Which?", options: [{ id: "a", label: "Jazz" }] }],
      };
      project.server.scenario.add({ on: "turn", do: { kind: "steps", steps: [{ kind: "ask", question }] } });
      const events = (await RUN_TURN.make(project, never())) as TurnEvent[];
      expect(events.find(({ type }) => type === "question")).toMatchObject({
        question: {
          title: "Music",
          items: [{ prompt: "Which?", options: ["Jazz"], mayChooseSeveral: false }],
        },
      });
    });

    it("tells a run that failed as an event: what was done before may stand", async () => {
      const project = await startProject();
      const ending = { kind: "error-event", code: "2001", message: "no credits" } as const;
      project.server.scenario.add({ on: "turn", do: { kind: "turn", texts: ["Half done."], ending } });
      const events = (await RUN_TURN.make(project, never())) as TurnEvent[];
      expect(textOf(events)).toContain("Half done.");
      expect(events.find(({ type }) => type === "failure")).toMatchObject({ error: { kind: "no-credits" } });
    });

    it.each([UPLOAD_FILES, UPLOAD_URLS])("$name brings a file into the project", async ({ make }) => {
      const project = await startProject();
      const [media] = (await make(project, never())) as { name: string; type: string }[];
      expect(media).toMatchObject({ type: "video" });
      const state = await project.backend.readState(project.who, project.session.sessionId, never());
      expect(state.clips.length).toBe(2);
      expect(state.draft).not.toBeNull();
    });

    it("sends a file whole and tells how far it is", async () => {
      const { backend, who, session, server } = await startProject();
      const bytes = await clipBytes();
      const told: number[] = [];
      const onProgress = (sent: number) => told.push(sent);
      const files = [await clipFile()];
      await backend.uploadFiles(who, { sessionId: session.sessionId, files, onProgress }, never());
      expect(told.at(-1)).toBe(bytes.length);
      expect(told).toEqual(told.toSorted((a, b) => a - b));
      expect(server.requests(UPLOAD_FILES.route).at(-1)?.files).toMatchObject([{ sizeBytes: bytes.length }]);
    });

    it("counts credits", async () => {
      const project = await startProject();
      const before = await project.backend.readCredits(project.who, never());
      await RUN_TURN.make(project, never());
      const after = await project.backend.readCredits(project.who, never());
      expect(before.available).toBeLessThanOrEqual(before.total);
      expect(after.available).toBeLessThan(before.available);
    });

    it("renders a project and hands the video over", async () => {
      const project = await startProject();
      const { backend, who, renderId } = project;
      const status = await backend.readRender(who, renderId, never());
      expect(status.renderId).toBe(renderId);
      const chunks = (await OPEN_RENDER.make(project, never())) as Uint8Array[];
      expect(Buffer.concat(chunks).subarray(4, 8).toString()).toBe("ftyp");
      if (status.url !== null) {
        const { stream } = await backend.openUrl(status.url, never());
        expect(Buffer.concat(await collect(stream))).toEqual(Buffer.concat(chunks));
      }
    });

    it("ends a render that is cancelled", async () => {
      const home = await newHome();
      home.server.scenario.add({ on: "render", do: { kind: "render", ms: 60_000 } });
      const project = await openProject(home);
      await CANCEL_RENDER.make(project, never());
      const { phase } = await project.backend.readRender(project.who, project.renderId, never());
      expect(phase).toBe("failed");
    });

    it("makes a link with which a person opens the project", async () => {
      expect(await CREATE_CLAIM_LINK.make(await startProject(), never())).toMatch(/^https?:\/\/\S+$/);
    });

    describe("tells by kind", () => {
      const rows: { call: Call; answer: ScenarioAction; kind: BackendErrorKind }[] = [
        ...OF_A_SESSION.map((one) => row(one, error(1002), "session-lost")),
        row(RUN_TURN, error(2001, "insufficient credits"), "no-credits"),
        ...[UPLOAD_FILES, UPLOAD_URLS].flatMap((one) => [
          row(one, error(4001), "unsupported-file"),
          row(one, error(4002), "too-large"),
        ]),
        row(SUBMIT_RENDER, http(402), "export-blocked"),
        row(SUBMIT_RENDER, http(409), "duplicate-render"),
        row(READ_RENDER, http(404), "not-found"),
        row(OPEN_RENDER, http(404), "not-found"),
        row(OPEN_URL, http(404), "not-found"),
        ...[CREATE_SESSION, RUN_TURN, READ_CREDITS, READ_STATE, SUBMIT_RENDER].flatMap((one) => [
          row(one, http(403), "refused"),
          row(one, http(429), "rate-limited"),
          row(one, http(500), "unavailable"),
          row(one, { kind: "drop", when: "before-answer" }, "connection-lost"),
        ]),
        row(SIGN_IN, http(429), "free-token-limit"),
      ];
      it.each(rows)("$call.name after $answer: $kind", async ({ call: { on, make }, answer, kind }) => {
        const project = await startProject();
        project.server.scenario.add({ on, do: answer, times: 10 });
        await expect(make(project, never())).rejects.toMatchObject({ name: "BackendError", kind });
      });

      it.each(CALLS)("$name while the server is down: unreachable", async ({ make }) => {
        const project = await startProject();
        await project.server.stop();
        await expect(make(project, never())).rejects.toMatchObject({ kind: "unreachable" });
      });

      it("a token that is refused and cannot be replaced: bad-token", async () => {
        const { backend } = await newHome();
        const who = caller({ owner: "operator", token: "nmv_usr_unknown" });
        await expect(backend.readCredits(who, never())).rejects.toMatchObject({ kind: "bad-token" });
      });
    });

    it.each(CALLS)("$name is never begun for a signal that is aborted", async ({ make, route }) => {
      const project = await startProject();
      const before = project.server.requests(route).length;
      const reason = new Error("stopped before");
      await expect(make(project, AbortSignal.abort(reason))).rejects.toBe(reason);
      expect(project.server.requests(route)).toHaveLength(before);
    });

    it.each(CALLS)("$name throws the signal's reason as soon as it is aborted", async ({ make, on }) => {
      const project = await startProject();
      project.server.scenario.add({ on, do: { kind: "hold", name: "held" } });
      const stop = new AbortController();
      const made = make(project, stop.signal);
      made.catch(() => {});
      await project.server.scenario.held("held");
      const reason = new Error("stopped");
      stop.abort(reason);
      await expect(made).rejects.toBe(reason);
    });

    describe("when the outcome of a request is unknown", () => {
      const breaks = [
        ...(["before-answer", "after-headers", "mid-body"] as const).map((when) => drop(when)),
        http(500),
        http(503),
      ];
      const costly = [RUN_TURN, SUBMIT_RENDER].flatMap((one) =>
        breaks.map((answer) => ({ call: one, answer })),
      );
      it.each(costly)(
        "never sends $call.name again after $answer",
        async ({ call: { on, make, route }, answer }) => {
          const project = await startProject();
          const before = project.server.requests(route).length;
          project.server.scenario.add({ on, do: answer });
          await expect(make(project, never())).rejects.toMatchObject({ isOutcomeUnknown: true });
          expect(project.server.requests(route)).toHaveLength(before + 1);
        },
      );

      it.each([READ_CREDITS, READ_STATE, READ_RENDER])("asks again: $name", async ({ on, make, route }) => {
        const project = await startProject();
        const before = project.server.requests(route).length;
        project.server.scenario.add({ on, do: drop("before-answer") });
        await make(project, never());
        expect(project.server.requests(route)).toHaveLength(before + 2);
      });
    });
  });
}

async function openProject(home: BackendHome): Promise<Project> {
  const { backend, server } = home;
  const who = caller({ token: null });
  await backend.signIn(who, never());
  const session = await backend.createSession(who, { language: "en" }, never());
  const { sessionId } = session;
  await backend.uploadFiles(who, { sessionId, files: [await clipFile()] }, never());
  const clipUrl = server.publish({ path: CLIP, type: "video/mp4" }, "beach.mp4");
  const project: Project = { ...home, who, session, renderId: "", clipUrl };
  await RUN_TURN.make(project, never());
  const { renderId } = await submit(project, "render_1", never());
  return { ...project, renderId };
}

async function submit({ backend, who, session }: Project, renderId: string, signal: AbortSignal) {
  const { sessionId } = session;
  const { draft, clips } = await backend.readState(who, sessionId, signal);
  const files = clips.flatMap(({ name, url }) => (url === null ? [] : [{ name, url }]));
  return backend.submitRender(who, { renderId, sessionId, draft, files }, signal);
}

async function clipFile(): Promise<UploadFile> {
  const { length: sizeBytes } = await clipBytes();
  const open = async () => createReadStream(CLIP);
  return { name: "clip.mp4", mimeType: "video/mp4", sizeBytes, open };
}

function textOf(events: readonly TurnEvent[]): string {
  return events.map((event) => (event.type === "text" ? event.text : "")).join("");
}

function row(one: Call, answer: ScenarioAction, kind: BackendErrorKind) {
  return { call: one, answer, kind };
}

function error(code: number, message?: string): ScenarioAction {
  return { kind: "error", code, ...(message ? { message } : {}) };
}

function http(status: number): ScenarioAction {
  return { kind: "http", status };
}

function drop(when: "before-answer" | "after-headers" | "mid-body"): ScenarioAction {
  return { kind: "drop", when };
}
