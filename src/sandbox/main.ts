/** The sandbox on its own: `npm run sandbox`. */
import { type Sandbox, startSandbox } from "./sandbox.ts";

/** Starts a sandbox at the demo's pace, with the scenario API over HTTP, and says where it is. */
export async function runSandbox(options: {
  port: number;
  host: string;
  /** Takes what is printed. Default stdout. */
  print?: (text: string) => void;
}): Promise<Sandbox> {
  const print = options.print ?? ((text: string) => process.stdout.write(text));
  const sandbox = await startSandbox({ port: options.port, host: options.host, pace: "demo", admin: true });
  print(
    `Sandbox: ${sandbox.url}${sandbox.hasFfmpeg ? "" : " (no ffmpeg: exports give the uploaded clip)"}\n` +
      `Use it with: NEMO_API_URL=${sandbox.url} NEMO_WEB_URL=${sandbox.webUrl}\n` +
      `Try: curl ${sandbox.url}/__sandbox/command -H 'content-type: application/json' -d '{"line":"error 2001"}'\n`,
  );
  return sandbox;
}
