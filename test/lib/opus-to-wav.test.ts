import { describe, expect, it } from "vitest";
import { readOggOpus } from "../../src/lib/ogg-opus.ts";
import { toWav, wavSize } from "../../src/lib/opus-to-wav.ts";
import { voiceNoteBytes } from "../support/test-chat.ts";

const HEADER_BYTES = 44;

async function wavOf(ogg: Uint8Array): Promise<Buffer | null> {
  const opus = readOggOpus(ogg);
  if (!opus) return null;
  const chunks: Uint8Array[] = [];
  for await (const chunk of toWav(opus)) chunks.push(chunk);
  const wav = Buffer.concat(chunks);
  expect(wav.length).toBe(wavSize(opus));
  return wav;
}

/** How often the wave goes up through zero. */
function cycles(wav: Buffer): number {
  let count = 0;
  for (let at = HEADER_BYTES + 2; at < wav.length; at += 2) {
    if (wav.readInt16LE(at - 2) < 0 && wav.readInt16LE(at) >= 0) count++;
  }
  return count;
}

describe("an Ogg file with Opus", () => {
  it("becomes the same sound as WAV, of the length that was said before", async () => {
    const wav = await wavOf(await voiceNoteBytes());
    expect(wav?.subarray(0, 16).toString("latin1")).toMatch(/^RIFF.{4}WAVEfmt $/s);
    // One second, 48 kHz, 16 bits, one channel.
    expect(wav?.length).toBe(HEADER_BYTES + 96_000);
    // 440 Hz.
    expect(Math.abs(cycles(wav ?? Buffer.alloc(0)) - 440)).toBeLessThan(5);
  });

  it("may end anywhere: what is there is heard, and never more than was said", async () => {
    const whole = await voiceNoteBytes();
    for (let end = 0; end < whole.length; end += 37) await wavOf(whole.subarray(0, end));
  });

  it("may say any length: what it says is bounded by what can be in it", async () => {
    const bytes = await voiceNoteBytes();
    for (let at = bytes.indexOf("OggS"); at >= 0; at = bytes.indexOf("OggS", at + 1)) {
      bytes.writeBigInt64LE(2n ** 62n, at + 6);
    }
    const opus = readOggOpus(bytes);
    expect(opus?.sampleCount).toBe((opus?.packets.length ?? 0) * 5_760);
  });

  it.each([
    ["nothing", ""],
    ["another file", "RIFF....WAVEfmt "],
    ["a page of Vorbis", `OggS${"\0".repeat(22)}\u0001\u0007\u0001vorbis`],
  ])("is not %s", async (_what, text) => {
    expect(readOggOpus(Buffer.from(text, "latin1"))).toBeNull();
  });
});
