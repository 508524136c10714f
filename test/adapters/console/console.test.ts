/** The terminal chat as a person or a script runs it: once as a process, and in this process for what it says. */
import { spawn } from "node:child_process";
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { describe, expect, it, onTestFinished } from "vitest";
import { run } from "../../../src/app/cli.ts";
import { findFfmpeg } from "../../../src/sandbox/media/ffmpeg.ts";
import { startSandbox } from "../../../src/sandbox/sandbox.ts";
import { CLIP, clipBytes, temporaryFolder } from "../../support/test-chat.ts";

const ffmpeg = await findFfmpeg(AbortSignal.timeout(10_000));
const MAIN = join(import.meta.dirname, "../../../src/main.ts");

interface Script {
  cwd: string;
  args?: string[];
  env?: Record<string, string>;
}

interface Run {
  code: number | null;
  output: string;
  errors: string;
}

/** Runs the terminal chat as a process with a piped script in `cwd`; `env` adds to an otherwise bare environment. */
function runProcess(lines: string[], { cwd, args = ["console", "--sandbox"], env }: Script): Promise<Run> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, env: environment(cwd, env) });
  onTestFinished(() => {
    child.kill("SIGKILL");
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    errors += chunk.toString();
  });
  child.stdin.end(asInput(lines));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, output, errors })));
}

/** As `runProcess`, in this process, on a sandbox that does not take its time. */
async function runScript(
  lines: string[],
  { cwd, args = ["console", "--sandbox"], env }: Script,
): Promise<Run> {
  const written = { output: "", errors: "" };
  const into = (name: keyof typeof written) => (text: string | Buffer) => {
    written[name] += text.toString();
  };
  const output = new PassThrough().on("data", into("output"));
  const terminal = {
    input: Readable.from([asInput(lines)]),
    output,
    errors: { write: into("errors") },
    sandboxPace: "instant" as const,
    writeLog: into("errors"),
  };
  // As `loadConfig` would take the place of the process.
  const own = { ...environment(cwd, env), DATA_DIR: join(cwd, "data") };
  const code = await run(args, own, { stopped: new Promise(() => {}), release() {} }, terminal);
  output.end();
  await finished(output);
  return { code, ...written };
}

function environment(cwd: string, env: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? "", INIT_CWD: cwd, EXPORT_POLL_MS: "50", ...env };
}

function asInput(lines: string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}

async function folderWithClip(name = "clip.mp4"): Promise<string> {
  const cwd = await temporaryFolder();
  await copyFile(CLIP, join(cwd, name));
  return cwd;
}

describe("the terminal chat with a piped script", () => {
  it("edits a clip, shows the status and saves the export as a real MP4", async () => {
    const cwd = await folderWithClip();
    const run = await runProcess(
      ['./clip.mp4 make it warmer and add the title "Hello"', "/status", "/export"],
      { cwd },
    );
    expect(run.errors).toBe("");
    expect(run.code).toBe(0);
    expect(run.output).toContain("sandbox");
    expect(run.output).toContain("Timeline (2 tracks):");
    expect(run.output).toContain('Title: "Hello"');
    const saved = /^Saved: (.+)$/m.exec(run.output)?.[1] ?? "";
    const video = await readFile(join(cwd, saved));
    // Without ffmpeg the clip itself is given.
    expect(video.equals(await clipBytes())).toBe(ffmpeg === null);
    expect(video.subarray(4, 8).toString()).toBe("ftyp");
  }, 60_000);

  it("runs on the sandbox and says so in one line when nothing is set", async () => {
    const cwd = await temporaryFolder();
    const run = await runProcess(["/help"], { cwd, args: [] });
    expect(run.code).toBe(0);
    const [first] = run.output.split("\n");
    expect(first).toContain("built-in sandbox");
    expect(run.output).toContain("/export");
  });

  it("names the links of an export so that they can be opened", async () => {
    const nemo = await startSandbox({ silentShare: 0, guiShare: 0 });
    onTestFinished(() => nemo.stop());
    const cwd = await folderWithClip();
    const run = await runScript(["./clip.mp4 make it warmer", "/export"], {
      cwd,
      args: ["console"],
      env: { NEMO_API_URL: nemo.url, NEMO_WEB_URL: nemo.webUrl, DATA_DIR: join(cwd, "data") },
    });
    const links = [...run.output.matchAll(/: (http\S+)$/gm)].map(([, link = ""]) => link);
    expect(links).toHaveLength(2);
    for (const link of links) expect((await fetch(link)).status, link).toBe(200);
  });

  it("takes quoted and escaped paths with spaces", async () => {
    const cwd = await folderWithClip("my clip.mp4");
    const run = await runScript(["'./my clip.mp4'", "my\\ clip.mp4", `"${join(cwd, "my clip.mp4")}"`], {
      cwd,
    });
    expect(run.output.match(/✅ my clip\.mp4/g)).toHaveLength(3);
  }, 60_000);

  it("does not send a message whose file is not there", async () => {
    const nemo = await startSandbox();
    onTestFinished(() => nemo.stop());
    const cwd = await temporaryFolder();
    const run = await runScript(["./none.mp4 make it warmer", "./ make it warmer"], {
      cwd,
      args: ["console"],
      env: { NEMO_API_URL: nemo.url, NEMO_WEB_URL: nemo.webUrl },
    });
    expect(run.output).toContain("I can't find ./none.mp4");
    expect(run.output).toContain("./ isn't a file");
    expect(run.code).toBe(1);
    expect(nemo.requests()).toEqual([]);
  });

  it("presses numbered buttons and names a number that is not there", async () => {
    const cwd = await folderWithClip();
    const run = await runScript(["./clip.mp4 trim to 2 seconds", "2", "99"], { cwd });
    expect(run.output).toContain("Timeline (1 track):");
    expect(run.output).toContain("There's no button 99 right now.");
    expect(run.code).toBe(1);
  }, 60_000);

  it("speaks the language a person writes in its own lines, too", async () => {
    const cwd = await temporaryFolder();
    const run = await runScript(["加一个标题“你好”", "99", "/language en", "98"], { cwd });
    expect(run.output).toContain("现在没有 99 号按钮。");
    expect(run.output).toContain("There's no button 98 right now.");
  }, 60_000);

  it("lets a person choose an error of the sandbox", async () => {
    const cwd = await folderWithClip();
    const run = await runScript(["/start", "/sandbox error 2001", "add lo-fi music"], { cwd });
    expect(run.output).toContain("Your free credits are used up");
    expect(run.output).toMatch(/\/register\?bind=anon_/);
    expect(run.code).toBe(1);
  }, 60_000);

  it("explains the sandbox's commands in the person's language, and counts one it does not know", async () => {
    const cwd = await temporaryFolder();
    const english = await runScript(["/sandbox help"], { cwd });
    expect(english.output).toContain("choose what goes");
    expect(english.code).toBe(0);
    const written = await runScript(["帮助", "/sandbox help"], { cwd });
    expect(written.output).toContain("沙盒是本机上的练习编辑器");
    const chinese = await runScript(["/sandbox", "/sandbox dance"], { cwd, env: { LANG: "zh_CN.UTF-8" } });
    expect(chinese.output).toContain("沙盒是本机上的练习编辑器，在里面做什么都不花钱");
    expect(chinese.output).toContain("不认识“dance”");
    expect(chinese.code).toBe(1);
  }, 60_000);

  it("goes on with the project of the last practice, and exports it", async () => {
    const cwd = await folderWithClip();
    const first = await runScript(['./clip.mp4 add the title "Marzipan"'], { cwd });
    expect(first.output).toContain("Marzipan");
    const second = await runScript(["/status", "/export"], { cwd });
    expect(second.output).toContain('Title: "Marzipan"');
    const saved = /^Saved: (.+)$/m.exec(second.output)?.[1] ?? "";
    expect((await readFile(join(cwd, saved))).subarray(4, 8).toString()).toBe("ftyp");
    expect(second.code).toBe(0);
    expect((await stat(join(cwd, "data", "practice"))).mode & 0o777).toBe(0o700);
    expect((await stat(join(cwd, "data", "practice", "sandbox", "state.json"))).mode & 0o777).toBe(0o600);
  }, 60_000);

  it("works without a project of before where nothing can be kept", async () => {
    const cwd = await folderWithClip();
    await writeFile(join(cwd, "data"), "a file where the folder should be");
    const run = await runScript(["./clip.mp4 trim to 2 seconds", "/status"], { cwd });
    expect(run.output).toContain("Timeline (1 track):");
    expect(run.code).toBe(0);
  }, 60_000);

  it("finds out within seconds how an edit ended whose connection broke", async () => {
    const cwd = await folderWithClip();
    const startedAt = performance.now();
    const run = await runScript(["./clip.mp4", "/sandbox drop applied", 'add the title "Marzipan"'], { cwd });
    expect(run.output).toContain("Marzipan");
    // By the settings of the real editor the first look alone comes after half a minute.
    expect(performance.now() - startedAt).toBeLessThan(25_000);
  }, 60_000);

  it("speaks Chinese with a person whose machine does", async () => {
    const cwd = await folderWithClip();
    const run = await runScript(["./clip.mp4 加标题「你好」", "导出"], { cwd, env: { LANG: "zh_CN.UTF-8" } });
    expect(run.output).toContain("内置沙盒");
    expect(run.output).toMatch(/^已保存：/m);
  }, 60_000);

  it("keeps escape sequences of file names away from the terminal", async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, "bad\u001b[31m.mp4"), await clipBytes());
    const run = await runScript(["bad\u001b[31m.mp4"], { cwd });
    expect(run.output).not.toContain("\u001b");
    expect(run.output).toContain("✅ bad[31m.mp4");
  }, 60_000);

  it("keeps the conversation of the real backend across two runs, and its token out of the files", async () => {
    const nemo = await startSandbox({ silentShare: 0, guiShare: 0 });
    onTestFinished(() => nemo.stop());
    const cwd = await folderWithClip();
    const env = { NEMO_API_URL: nemo.url, NEMO_WEB_URL: nemo.webUrl };
    await runScript(["./clip.mp4 trim to 2 seconds"], { cwd, args: ["console"], env });
    const second = await runScript(["/status"], { cwd, args: ["console"], env });
    expect(second.output).toContain("Timeline (1 track):");
    expect(nemo.requests("POST /api/auth/anonymous-token")).toHaveLength(1);
    const folder = join(cwd, "data", "console");
    for (const name of await readdir(folder)) {
      expect((await readFile(join(folder, name))).includes("nmv_usr_")).toBe(false);
    }
  }, 60_000);

  it("says plainly that the export could not be saved, and leaves no half file", async () => {
    const cwd = await folderWithClip();
    await writeFile(join(cwd, "exports"), "a file where the folder should be");
    const run = await runScript(["./clip.mp4 trim to 2 seconds", "/export"], { cwd });
    expect(run.output).toContain("I couldn't save the video on this machine");
    expect(run.output).toContain("Download the video");
    expect(run.code).toBe(1);
  }, 60_000);
});

describe("starting with wrong settings", () => {
  it("lists every problem by name, without values, and ends with 1", async () => {
    const cwd = await temporaryFolder();
    const run = await runProcess([], {
      cwd,
      args: ["console"],
      env: { NEMO_API_URL: "ftp://secret-host", STILL_WORKING_MS: "soon", LOG_LEVEL: "loud" },
    });
    expect(run.code).toBe(1);
    for (const name of ["NEMO_API_URL", "STILL_WORKING_MS", "LOG_LEVEL"]) expect(run.errors).toContain(name);
    expect(run.errors).not.toMatch(/secret-host|soon|loud|at .*\.ts/);
  });

  it("names the file and the line of a skill that cannot be used", async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, "skills"));
    await writeFile(join(cwd, "skills", "broken.md"), "---\nname: broken\n---\nNo version.\n");
    const run = await runScript([], {
      cwd,
      env: { SKILLS_DIR: join(cwd, "skills"), DEFAULT_SKILL: "broken" },
    });
    expect(run.code).toBe(1);
    expect(run.errors).toMatch(/broken\.md:\d+: .*version/);
    expect(run.errors).not.toMatch(/\n\s+at /);
  });

  it("explains itself when it does not know a word", async () => {
    const run = await runScript([], { cwd: await temporaryFolder(), args: ["dance"] });
    expect(run.code).toBe(1);
    expect(run.errors).toContain("npm start");
  });
});
