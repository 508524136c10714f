/**
 * Opus packets as a WAV file of 16-bit samples, whose size is known before the first of them is decoded.
 * Source: RFC 7845, section 4; "Multimedia Programming Interface and Data Specifications 1.0", WAVE.
 */
import { OpusDecoder } from "opus-decoder";
import { type OggOpus, OPUS_RATE } from "./ogg-opus.ts";

const HEADER_BYTES = 44;
const SAMPLE_BYTES = 2;
/** Packets that are decoded in one go: about a second, so that nothing else waits for long. */
const PACKETS_AT_ONCE = 50;

export function wavSize({ channels, sampleCount }: OggOpus): number {
  return HEADER_BYTES + sampleCount * channels * SAMPLE_BYTES;
}

/** Exactly `wavSize` bytes: what cannot be decoded is silence. */
export async function* toWav(opus: OggOpus): AsyncGenerator<Uint8Array> {
  const { channels, preSkip, packets, sampleCount } = opus;
  const decoder = new OpusDecoder({ channels, preSkip });
  try {
    await decoder.ready;
    yield header(opus);
    let missing = sampleCount;
    for (let from = 0; from < packets.length && missing > 0; from += PACKETS_AT_ONCE) {
      const { channelData, samplesDecoded } = decoder.decodeFrames(
        packets.slice(from, from + PACKETS_AT_ONCE),
      );
      const count = Math.min(samplesDecoded, missing);
      if (count > 0) yield interleave(channelData, count);
      missing -= count;
    }
    for (; missing > 0; missing -= OPUS_RATE) {
      yield Buffer.alloc(Math.min(missing, OPUS_RATE) * channels * SAMPLE_BYTES);
    }
  } finally {
    decoder.free();
  }
}

function interleave(channelData: Float32Array[], count: number): Uint8Array {
  const bytes = Buffer.alloc(count * channelData.length * SAMPLE_BYTES);
  let at = 0;
  for (let index = 0; index < count; index++) {
    for (const samples of channelData) {
      const sample = Math.max(-1, Math.min(1, samples[index] ?? 0));
      at = bytes.writeInt16LE(Math.round(sample * 32_767), at);
    }
  }
  return bytes;
}

function header(opus: OggOpus): Uint8Array {
  const frameBytes = opus.channels * SAMPLE_BYTES;
  const bytes = Buffer.alloc(HEADER_BYTES);
  bytes.write("RIFF", 0, "latin1");
  bytes.writeUInt32LE(wavSize(opus) - 8, 4);
  bytes.write("WAVEfmt ", 8, "latin1");
  bytes.writeUInt32LE(16, 16);
  // PCM.
  bytes.writeUInt16LE(1, 20);
  bytes.writeUInt16LE(opus.channels, 22);
  bytes.writeUInt32LE(OPUS_RATE, 24);
  bytes.writeUInt32LE(OPUS_RATE * frameBytes, 28);
  bytes.writeUInt16LE(frameBytes, 32);
  bytes.writeUInt16LE(8 * SAMPLE_BYTES, 34);
  bytes.write("data", 36, "latin1");
  bytes.writeUInt32LE(wavSize(opus) - HEADER_BYTES, 40);
  return bytes;
}
