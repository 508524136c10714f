/**
 * Reads Ogg Opus, the form of voice notes, into its packets. Source: RFC 3533, section 6 (pages); RFC 7845,
 * sections 4 and 5 (granule positions, the OpusHead packet).
 */

export interface OggOpus {
  channels: 1 | 2;
  /** Samples at the beginning that are not played. */
  preSkip: number;
  /** Samples of one channel that are played, at `OPUS_RATE`. */
  sampleCount: number;
  packets: Uint8Array[];
}

/** Samples a second, whatever was recorded. */
export const OPUS_RATE = 48_000;
const PAGE_HEADER_BYTES = 27;
/** 120 ms. */
const MAX_PACKET_SAMPLES = 5_760;
/** A packet goes on in the next segment after one of this length. */
const FULL_SEGMENT = 255;

/** Null when it is anything else, or holds more than two channels. */
export function readOggOpus(bytes: Uint8Array): OggOpus | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const packets: Uint8Array[] = [];
  let begun: Uint8Array[] = [];
  let lastGranule = 0;
  let serial: number | null = null;
  for (let at = 0; at + PAGE_HEADER_BYTES <= bytes.length && hasText(bytes, at, "OggS"); ) {
    const segmentCount = bytes[at + 26] ?? 0;
    const granule = Number(view.getBigInt64(at + 6, true));
    const stream = view.getUint32(at + 14, true);
    const lengths = bytes.subarray(at + PAGE_HEADER_BYTES, at + PAGE_HEADER_BYTES + segmentCount);
    at += PAGE_HEADER_BYTES + segmentCount;
    serial ??= stream;
    for (const length of lengths) {
      const segment = bytes.subarray(at, at + length);
      at += length;
      if (stream !== serial) continue;
      begun.push(segment);
      if (length === FULL_SEGMENT) continue;
      packets.push(begun.length === 1 ? segment : Buffer.concat(begun));
      begun = [];
    }
    // -1: no packet ends on this page.
    if (stream === serial && granule > lastGranule) lastGranule = granule;
  }
  const [head, , ...audio] = packets;
  if (!head || head.length < 19 || !hasText(head, 0, "OpusHead")) return null;
  const [channels, mappingFamily] = [head[9], head[18]];
  if (mappingFamily !== 0 || (channels !== 1 && channels !== 2)) return null;
  const preSkip = (head[10] ?? 0) + 256 * (head[11] ?? 0);
  // What a file says of its length is bounded by what can be in it.
  const sampleCount = Math.min(Math.max(0, lastGranule - preSkip), audio.length * MAX_PACKET_SAMPLES);
  return sampleCount === 0 ? null : { channels, preSkip, sampleCount, packets: audio };
}

function hasText(bytes: Uint8Array, at: number, text: string): boolean {
  return Buffer.from(bytes.subarray(at, at + text.length)).toString("latin1") === text;
}
