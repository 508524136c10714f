import { describe, expect, it } from "vitest";
import { boundaryOf, MultipartParser } from "./multipart.ts";

const BODY = [
  "--xyz",
  'Content-Disposition: form-data; name="chat_id"',
  "",
  "42",
  "--xyz",
  'Content-Disposition: form-data; name="video"; filename="a \\"b\\" ü.mp4"',
  "Content-Type: video/mp4",
  "",
  "data\r\n--xy no boundary\r\n",
  "--xyz--",
  "",
].join("\r\n");

function parse(chunks: readonly Buffer[]): string[] {
  const parts: string[] = [];
  let current = "";
  const parser = new MultipartParser("xyz", {
    onPart: (head) => {
      current = `${head.name}/${head.fileName}/${head.mimeType}=`;
    },
    onData: (chunk) => {
      current += chunk.toString("latin1");
    },
    onPartEnd: () => parts.push(current),
  });
  for (const chunk of chunks) parser.write(chunk);
  parser.end();
  return parts;
}

describe("the multipart parser", () => {
  it("reads the same from a body cut at every position", () => {
    const body = Buffer.from(BODY);
    const whole = parse([body]);
    expect(whole).toEqual([
      "chat_id/null/=42",
      'video/a \\"b\\" ü.mp4/video/mp4=data\r\n--xy no boundary\r\n',
    ]);
    for (let cut = 0; cut <= body.length; cut++) {
      expect(parse([body.subarray(0, cut), body.subarray(cut)]), `cut at ${cut}`).toEqual(whole);
    }
    expect(parse([...body].map((byte) => Buffer.of(byte)))).toEqual(whole);
  });

  it.each([
    ["no closing boundary", BODY.replace("--xyz--", "")],
    ["garbage before the first boundary", `x${BODY}`],
    ["garbage after a boundary", BODY.replace("--xyz\r\n", "--xyz!\r\n")],
    ["a part without a name", BODY.replace('; name="chat_id"', "")],
    ["a part that is no form-data", BODY.replace("form-data", "attachment")],
    ["endless headers", `--xyz\r\n${"x-a: b\r\n".repeat(4000)}`],
  ])("refuses %s", (_case, body) => {
    expect(() => parse([Buffer.from(body)])).toThrow(/^multipart: /);
  });

  it("finds the boundary of a content type, quoted or not", () => {
    expect(boundaryOf('multipart/form-data; charset=utf-8; boundary="a b"')).toBe("a b");
    expect(boundaryOf("multipart/form-data;boundary=----x")).toBe("----x");
    expect(boundaryOf("application/json")).toBeNull();
  });
});
