/** What the process does, by its arguments and its environment. Source: DESIGN.md, "Settings". */
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { ConsoleChatOptions } from "../adapters/console/chat.ts";
import type { Log } from "../core/ports/runtime.ts";
import { StartError } from "../lib/start-error.ts";
import type { SandboxOptions } from "../sandbox/sandbox.ts";
import { privateFolder } from "../store/disk/private-files.ts";
import type { Config } from "./config.ts";
import { loadConfig } from "./config.ts";
import { createLog, redact, secretsOf } from "./log.ts";
import type { StopSignals } from "./stop-signals.ts";

const USAGE = `Usage:
  npm start                        run the bot as the settings say; without a platform: the terminal on the sandbox
  npm run console                  chat in the terminal with the Nemo backend
  npm run console -- --sandbox     chat in the terminal with the built-in sandbox
  npm run sandbox [-- --port N]    run the sandbox alone`;

/** On the sandbox a newcomer should not wait as long as for real renders; a set variable still wins. */
const SANDBOX_TIMING = {
  EXPORT_POLL_MS: "1000",
  STILL_WORKING_MS: "5000",
  RECOVERY_FIRST_WAIT_MS: "2000",
  RECOVERY_WAIT_MS: "2000",
  RETRY_WAIT_MS: "2000",
};
const DEFAULT_SANDBOX_PORT = 8787;
/** Beside a chat in the same terminal only trouble is worth a line. */
const CONSOLE_LOG = { LOG_LEVEL: "error" };

/** What a person or a script reads and writes at, and how fast the sandbox behind it works. */
export interface Terminal extends Pick<ConsoleChatOptions, "input" | "output"> {
  errors: { write(text: string): unknown };
  sandboxPace: NonNullable<SandboxOptions["pace"]>;
  /** Takes the log's lines; absent: they go to standard error. */
  writeLog?: (line: string) => void;
}

/** Runs to the end and returns the exit code. */
export async function run(
  args: string[],
  env: NodeJS.ProcessEnv,
  signals: StopSignals,
  terminal: Terminal = ofProcess(),
): Promise<number> {
  const say = (text: string) => terminal.output.write(`${text}\n`);
  const complain = (text: string) => terminal.errors.write(`${text}\n`);
  try {
    const { positionals, values } = parseArgs({
      args,
      allowPositionals: true,
      options: { sandbox: { type: "boolean" }, port: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help || positionals.length > 1) {
      say(USAGE);
      return values.help ? 0 : 1;
    }
    switch (positionals[0]) {
      case "sandbox": {
        const port = Number(values.port ?? DEFAULT_SANDBOX_PORT);
        if (!Number.isInteger(port) || port < 0 || port > 65_535) {
          complain("--port takes a number from 0 to 65535");
          return 1;
        }
        const { runSandbox } = await import("../sandbox/main.ts");
        const sandbox = await runSandbox({ port, host: "127.0.0.1" });
        await signals.stopped;
        await sandbox.stop();
        return 0;
      }
      case "console":
        signals.release();
        return await runConsole(env, values.sandbox === true, terminal);
      case undefined: {
        const config = loadConfig(env);
        if (!config.telegram && !config.discord) {
          if (config.role !== "all") throw platformNeeded(config.role);
          signals.release();
          return await runConsole(env, true, terminal);
        }
        const { runService } = await import("./service.ts");
        return await runService(config, signals.stopped);
      }
      default:
        complain(USAGE);
        return 1;
    }
  } catch (error) {
    if (error instanceof StartError) {
      complain(redact(error.message));
      return 1;
    }
    if (error instanceof TypeError && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS")) {
      // A flag that parseArgs does not know.
      complain(`${error.message}\n\n${USAGE}`);
      return 1;
    }
    throw error;
  }
}

function ofProcess(): Terminal {
  return { input: process.stdin, output: process.stdout, errors: process.stderr, sandboxPace: "demo" };
}

/** The terminal chat, on the sandbox or on the real backend. */
async function runConsole(env: NodeJS.ProcessEnv, onSandbox: boolean, terminal: Terminal): Promise<number> {
  const { sandboxPace: pace, writeLog: write } = terminal;
  const config = loadConfig({ ...CONSOLE_LOG, ...(onSandbox ? SANDBOX_TIMING : {}), ...env });
  const secrets = secretsOf(config);
  const log = await createLog({ level: config.logLevel, secrets, ...(write ? { write } : {}) });
  if (!onSandbox) return chat(ofItsOwn(config), log, { ...terminal, storage: "disk", sandboxCommand: null });
  const { startSandbox } = await import("../sandbox/sandbox.ts");
  const dataDir = join(config.storage.dataDir, "practice");
  const isKept = await isOurs(dataDir, log);
  const sandbox = await startSandbox({
    pace,
    log,
    ...(isKept ? { dir: join(dataDir, "sandbox"), keepsState: true } : {}),
  });
  try {
    const nemo = { ...config.nemo, apiUrl: sandbox.url, webUrl: sandbox.webUrl, token: null };
    // Its own key, too: the practice chat has nothing to do with the bot's store.
    const storage = { ...config.storage, dataDir, redisUrl: null, encryptionKeys: null };
    return await chat({ ...config, nemo, storage }, log, {
      ...terminal,
      storage: isKept ? "disk" : "memory",
      sandboxCommand: (command, language) => sandbox.command(command, language),
      hasFfmpeg: sandbox.hasFfmpeg,
    });
  } finally {
    await sandbox.stop();
  }
}

/** The terminal keeps its conversation apart: what is owed to people on platforms is not for it to do. */
function ofItsOwn(config: Config): Config {
  const dataDir = join(config.storage.dataDir, "console");
  return { ...config, storage: { ...config.storage, dataDir, redisUrl: null } };
}

/** False where the practice chat cannot keep anything: another one runs on the folder, or it cannot be written. */
async function isOurs(dir: string, log: Log): Promise<boolean> {
  const { lockFolder } = await import("../store/disk/folder-lock.ts");
  try {
    privateFolder(dir);
    const unlock = await lockFolder(dir, log, 0);
    unlock();
    return true;
  } catch {
    // It works all the same, and forgets.
    return false;
  }
}

/** `sandboxCommand` is null on the real backend. */
async function chat(
  config: Config,
  log: Log,
  {
    storage,
    ...options
  }: { storage: "disk" | "memory" } & Pick<
    ConsoleChatOptions,
    "input" | "output" | "sandboxCommand" | "hasFfmpeg"
  >,
): Promise<number> {
  const [{ startBot }, { ConsoleChat }] = await Promise.all([
    import("./compose.ts"),
    import("../adapters/console/chat.ts"),
  ]);
  // The reader of a pipe may have seen enough, as `| head` does.
  if (options.output === process.stdout) process.stdout.on("error", () => process.exit(0));
  const bot = await startBot(config, { log, storage });
  try {
    const terminal = new ConsoleChat({
      ...options,
      locales: bot.locales,
      store: bot.store,
      systemLanguage: config.terminalLanguage,
      cwd: config.callerDir,
      exportsDir: join(config.callerDir, "exports"),
    });
    bot.addPlatform(terminal.platform);
    await bot.engine.start();
    return (await terminal.run(bot.engine, bot.queue)) ? 0 : 1;
  } finally {
    await bot.stop();
  }
}

/** The ingress hears people there, the worker answers them there. */
function platformNeeded(role: string): StartError {
  return new StartError("The settings need a look:", [
    `ROLE=${role} needs TELEGRAM_BOT_TOKEN or DISCORD_BOT_TOKEN: the ingress and the workers need the same`,
  ]);
}
