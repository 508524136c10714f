/** What a typed or dropped line is read as: files in front, then words. */
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { parseLine } from "../../../src/adapters/console/parse-line.ts";
import { temporaryFolder } from "../../support/test-chat.ts";

/** A folder with these files, and what a line typed there is read as: names of files, and the words behind. */
async function folderWith(...names: string[]) {
  const cwd = await temporaryFolder();
  for (const name of names) {
    await mkdir(join(cwd, name, ".."), { recursive: true });
    await writeFile(join(cwd, name), "a clip");
  }
  return {
    cwd,
    async reads(line: string) {
      const read = await parseLine(line, cwd);
      if (read.kind !== "message") return read;
      const files = read.attachments.map(({ fileId = "" }) => relative(cwd, fileId).normalize("NFC"));
      return { files, text: read.text };
    },
  };
}

describe("a file that is there", () => {
  it.each([
    ["海边.mp4", "海边.mp4 剪短", "剪短"],
    ["海边.mp4", "海边.mp4剪短", "剪短"],
    ["海边.mp4", "海边.mp4\u3000剪短", "剪短"],
    ["海边.mp4", '"海边.mp4"剪短', "剪短"],
    ["пляж.mov", "пляж.mov обрежь", "обрежь"],
    ["été à Nîmes.mp4", "'été à Nîmes.mp4' plus court", "plus court"],
    ["été.mp4", `${"été.mp4".normalize("NFD")} plus court`, "plus court"],
    ["बीच.mp4", "बीच.mp4 छोटा करो", "छोटा करो"],
    ["ビーチ 🏖.mp4", "ビーチ\\ 🏖.mp4 短く", "短く"],
    ["my clip.mp4", "my clip.mp4 trim it", "trim it"],
    ["my clip.mp4", '"my clip.mp4" trim it', "trim it"],
    ["my clip.mp4", "'my clip.mp4' trim it", "trim it"],
    ["my clip.mp4", "my\\ clip.mp4 trim it", "trim it"],
    ["it's mine.mp4", "'it'\\''s mine.mp4' trim it", "trim it"],
    ["it's mine.mp4", "it\\'s\\ mine.mp4 trim it", "trim it"],
    ["a (1) & b.mp4", "a\\ \\(1\\)\\ \\&\\ b.mp4 trim it", "trim it"],
    [
      "Screenshot at 3.04\u202fPM.png",
      "Screenshot\\ at\\ 3.04\u202fPM.png make it a video",
      "make it a video",
    ],
    ["sub/海边.jpeg", "./sub/海边.jpeg 做成视频", "做成视频"],
  ])("%s is uploaded: %s", async (name, line, text) => {
    const { reads } = await folderWith(name);
    expect(await reads(line)).toEqual({ files: [name.normalize("NFC")], text });
  });

  it("is taken as a file address, as some terminals drop it", async () => {
    const { cwd, reads } = await folderWith("海边 1.mp4");
    const { href } = pathToFileURL(join(cwd, "海边 1.mp4"));
    expect(href).toContain("%20");
    expect(await reads(`${href} 剪短`)).toEqual({ files: ["海边 1.mp4"], text: "剪短" });
    expect(await reads(href.replace("file://", "file://localhost"))).toEqual({
      files: ["海边 1.mp4"],
      text: "",
    });
  });

  it("is found from the home folder", async () => {
    const found = await parseLine(
      `~/${basename("no such folder".replaceAll(" ", "-"))}/x.mp4 trim`,
      homedir(),
    );
    expect(found).toEqual({ kind: "no-file", path: "~/no-such-folder/x.mp4" });
  });

  it("may be one of several", async () => {
    const { reads } = await folderWith("海边.mp4", "my clip.mov", "c.wav");
    expect(await reads("海边.mp4 'my clip.mov' c.wav 拼起来")).toEqual({
      files: ["海边.mp4", "my clip.mov", "c.wav"],
      text: "拼起来",
    });
  });
});

describe("a file that is not there", () => {
  it.each([
    ["没有.mp4 剪短", "没有.mp4"],
    ["нет.mov обрежь", "нет.mov"],
    ["いない.png", "いない.png"],
    ["no-é.mp4 plus court", "no-é.mp4"],
    ["'没有 这个.mp4' 剪短", "没有 这个.mp4"],
    ["没有\\ 这个.mp4 剪短", "没有 这个.mp4"],
    ["🏖.mp4 trim", "🏖.mp4"],
    ["file:///没有/x.mp4 剪短", "file:///没有/x.mp4"],
  ])("is told, and nothing is sent: %s", async (line, path) => {
    const { reads } = await folderWith();
    expect(await reads(line)).toEqual({ kind: "no-file", path });
  });
});

describe("words", () => {
  it.each([
    "don't make it longer",
    "把它剪短",
    "'warm' is the word",
    "make clip.mp4 warmer",
    "https://a.example/海.mp4 剪短",
  ])("are a message: %s", async (line) => {
    const { reads } = await folderWith("它.mp4", "clip.mp4");
    expect(await reads(line)).toEqual({ files: [], text: line });
  });
});
