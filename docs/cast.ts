/**
 * Plays the conversation of the README in a real terminal and keeps what came out as a picture: `npm run docs:cast`.
 * It runs `npm start` on the sandbox in an empty folder, types as a person would, and draws what the terminal shows.
 * Needs `script` (util-linux) and ffmpeg. In the picture waits are shorter and tokens are hidden; all else is as it was.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { hideTokens } from "../src/lib/secrets.ts";

/** What is typed, each once the terminal has shown the text before it. */
const STEPS = [
  { after: "$ ", type: "npm start" },
  { after: "make a 10-second opening", type: "test/fixtures/clip.mp4 make it warmer" },
  { after: "Done!", type: 'trim to 2 seconds and add the title "Hello"' },
  { after: "Done!", type: "status" },
  { after: "Title:", type: "export" },
  { after: "Saved:", type: null },
];
const COLUMNS = 96;
/** Of the window; what is above has scrolled away. */
const ROWS = 28;
const TYPING_MS = 90;
/** A reader's time for what a step brought. */
const READING_MS = 1_500;
const LONGEST_WAIT_MS = 1_200;
const LAST_FRAME_MS = 8_000;
const STEP_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 12_000;

/** A piece of what the terminal was sent. */
interface Output {
  atMs: number;
  text: string;
}
interface Cell {
  char: string;
  style: string;
}
/** What stands on the screen and above it, at a moment. */
interface Frame {
  atMs: number;
  rows: Cell[][];
  /** Rows that have scrolled away. */
  top: number;
}

/** A person at a shell, in a folder that looks like a fresh clone. Resolves to the output of the whole conversation. */
async function record(): Promise<Output[]> {
  const repository = join(import.meta.dirname, "..");
  const folder = await mkdtemp(join(tmpdir(), "nemobot-cast-"));
  try {
    for (const name of ["package.json", "src", "config", "test", "node_modules"]) {
      await symlink(join(repository, name), join(folder, name));
    }
    await writeFile(join(folder, "npmrc"), "");
    const { PATH, HOME } = process.env;
    const env = { PATH, HOME, PS1: "$ ", TERM: "xterm", LANG: "en_US.UTF-8", NPM_CONFIG_USERCONFIG: "npmrc" };
    const size = `stty cols ${COLUMNS} rows ${ROWS}`;
    const terminal = spawn("script", ["-qefc", `${size}; exec sh -i`, "/dev/null"], { cwd: folder, env });
    const ended = once(terminal, "close");
    const output: Output[] = [];
    const recorded: Output[] = [];
    let shown = "";
    terminal.stdout.setEncoding("utf8").on("data", (text: string) => {
      output.push({ atMs: performance.now(), text });
      shown += text;
    });
    try {
      for (const { after, type } of STEPS) {
        const deadline = performance.now() + STEP_TIMEOUT_MS;
        while (!shown.includes(after)) {
          if (performance.now() > deadline)
            throw new Error(`the terminal never showed "${after}":\n${shown}`);
          await sleep(20);
        }
        await sleep(READING_MS);
        shown = "";
        for (const word of type?.split(/(?<= )/) ?? []) {
          terminal.stdin.write(word);
          await sleep(TYPING_MS);
        }
        if (type !== null) terminal.stdin.write("\r");
      }
    } finally {
      recorded.push(...output);
      // The end of the input ends the chat, and the shell with it.
      terminal.stdin.end("\u0004");
      await Promise.race([ended, sleep(STOP_TIMEOUT_MS)]);
      terminal.kill("SIGKILL");
    }
    const exports = await readdir(join(folder, "exports"));
    if (exports.length !== 1) throw new Error("the conversation has to end with one exported video");
    return recorded;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** As much of a terminal as the shell and the chat use: cursor moves, clearing, bold, dim. */
class Terminal {
  readonly rows: Cell[][] = [[]];
  #row = 0;
  #column = 0;
  #style = "";

  get top(): number {
    return Math.max(0, this.rows.length - ROWS);
  }

  write(text: string): void {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what a terminal is told with.
    for (const [part] of text.matchAll(/\x1b\[[\d;?]*[A-Za-z]|\x1b.|[\s\S]/gu)) this.#take(part);
  }

  #take(part: string): void {
    const sequence = /^.\[([\d;?]*)([A-Za-z])$/s.exec(part);
    if (sequence) this.#obey(sequence[2] ?? "", sequence[1] ?? "");
    else if (part === "\r") this.#column = 0;
    else if (part === "\n") this.#moveTo(this.#row + 1);
    else if (part >= " ") this.#put(part);
  }

  #obey(command: string, argument: string): void {
    const number = Number(argument || 1);
    if (command === "A") this.#moveTo(Math.max(this.top, this.#row - number));
    else if (command === "G") this.#column = number - 1;
    else if (command === "K") this.rows[this.#row]?.splice(argument === "2" ? 0 : this.#column);
    else if (command === "J") {
      this.rows[this.#row]?.splice(this.#column);
      this.rows.splice(this.#row + 1);
    } else if (command === "m") {
      this.#style = { "1": "bold", "2": "dim" }[argument] ?? "";
    }
  }

  #moveTo(row: number): void {
    this.#row = row;
    while (this.rows.length <= row) this.rows.push([]);
  }

  #put(char: string): void {
    if (this.#column >= COLUMNS) {
      this.#column = 0;
      this.#moveTo(this.#row + 1);
    }
    const row = this.rows[this.#row] ?? [];
    while (row.length < this.#column) row.push({ char: " ", style: "" });
    row[this.#column] = { char, style: this.#style };
    this.#column += 1;
    // A picture sign takes two columns.
    if (/\p{Emoji_Presentation}/u.test(char)) {
      row[this.#column] = { char: "", style: this.#style };
      this.#column += 1;
    }
  }
}

/** Every state that stood for a moment, with the long waits cut short. */
function framesOf(output: readonly Output[]): Frame[] {
  const terminal = new Terminal();
  const frames: Frame[] = [];
  let atMs = 0;
  for (const [index, { atMs: realMs, text }] of output.entries()) {
    // The link to the project has a token; the picture goes without, as everything that is kept here.
    terminal.write(hideTokens(text));
    const waitMs = (output[index + 1]?.atMs ?? realMs + LAST_FRAME_MS) - realMs;
    const isLast = index === output.length - 1;
    // What is replaced within a blink is not worth a frame.
    if (waitMs > 30 || isLast)
      frames.push({ atMs, rows: terminal.rows.map((row) => [...row]), top: terminal.top });
    atMs += isLast ? LAST_FRAME_MS : Math.min(waitMs, LONGEST_WAIT_MS);
  }
  frames.push({ atMs, rows: [], top: 0 });
  return frames;
}

const LINE_HEIGHT = 19;
const CHAR_WIDTH = 8.1;
const PADDING = 16;
const TITLE_HEIGHT = 40;

/** One text for each row's content, shown from the frame it came with to the one that changed it. */
function draw(frames: readonly Frame[]): string {
  const totalMs = frames.at(-1)?.atMs ?? 1;
  const percent = (ms: number) => `${Number(((ms / totalMs) * 100).toFixed(2))}%`;
  const shots = frames.slice(0, -1);
  const last = shots.at(-1);
  const texts: string[] = [];
  const rules: string[] = [];
  const height = Math.max(...shots.map(({ rows }) => rows.length));
  for (let row = 0; row < height; row += 1) {
    let since = 0;
    for (const [index, shot] of shots.entries()) {
      const svg = svgOf(shot.rows[row] ?? []);
      const next = shots[index + 1];
      if (next && svgOf(next.rows[row] ?? []) === svg) continue;
      const fromMs = shots[since]?.atMs ?? 0;
      const untilMs = frames[index + 1]?.atMs ?? totalMs;
      since = index + 1;
      if (svg === "") continue;
      const id = `r${texts.length}`;
      const y = row * LINE_HEIGHT + 14;
      texts.push(`<text id="${id}" class="${next ? "gone" : "kept"}" x="${PADDING}" y="${y}">${svg}</text>`);
      const end = next ? `${percent(untilMs)},to{opacity:0}` : "to{opacity:1}";
      const start = fromMs === 0 ? "" : "from{opacity:0}";
      rules.push(`@keyframes ${id}{${start}${percent(fromMs)}{opacity:1}${end}}#${id}{animation-name:${id}}`);
    }
  }
  const moves = shots.filter(({ top }, index) => index === 0 || top !== shots[index - 1]?.top);
  const scrolls = moves.map(
    ({ atMs, top }) => `${percent(atMs)}{transform:translateY(${-top * LINE_HEIGHT}px)}`,
  );
  const end = -(last?.top ?? 0) * LINE_HEIGHT;
  const width = Math.ceil(COLUMNS * CHAR_WIDTH + 2 * PADDING);
  const windowHeight = ROWS * LINE_HEIGHT + PADDING;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${windowHeight + TITLE_HEIGHT}" role="img" aria-labelledby="title">
<title id="title">A conversation with nemobot in a terminal: a clip is sent, edited in words, and exported as a video.</title>
<style>
text{font:13.5px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#e6edf3;white-space:pre}
.bold{font-weight:700}.dim{fill:#9198a1}.gone{opacity:0}
text,#screen{animation:none ${Math.round(totalMs)}ms step-end infinite}
#screen{transform:translateY(${end}px);animation-name:scroll}
@keyframes scroll{${scrolls.join("")}to{transform:translateY(${end}px)}}
${rules.join("\n")}
@media (prefers-reduced-motion:reduce){text,#screen{animation-duration:0s}}
</style>
<rect x=".5" y=".5" width="${width - 1}" height="${windowHeight + TITLE_HEIGHT - 1}" rx="9" fill="#0d1117" stroke="#6e7681"/>
<circle cx="20" cy="18" r="5.5" fill="#ff5f57"/><circle cx="39" cy="18" r="5.5" fill="#febc2e"/><circle cx="58" cy="18" r="5.5" fill="#28c840"/>
<clipPath id="window"><rect width="${width}" height="${ROWS * LINE_HEIGHT + 4}"/></clipPath>
<g transform="translate(0 ${TITLE_HEIGHT})"><g clip-path="url(#window)"><g id="screen">
${texts.join("\n")}
</g></g></g>
</svg>
`;
}

/** A row as text, its styles as spans; empty for an empty one. */
function svgOf(row: readonly Cell[]): string {
  const runs: Cell[] = [];
  for (const { char, style } of row) {
    const run = runs.at(-1);
    if (run?.style === style) run.char += char;
    else runs.push({ char, style });
  }
  const escaped = (text: string) =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  return runs
    .map(({ char, style }) => (style ? `<tspan class="${style}">${escaped(char)}</tspan>` : escaped(char)))
    .join("")
    .trimEnd();
}

const file = join(import.meta.dirname, "cast.svg");
await writeFile(file, draw(framesOf(await record())));
console.log(`Written: ${file}`);
