import { buffer } from 'node:stream/consumers';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { WebSocketGoodbye } from '../../../src/lastcall/gateway/websocket-goodbye.ts';

const CLOSE_1001 = Buffer.from([0x88, 2, 0x03, 0xe9]);

interface FrameOptions {
  /** FIN and opcode. */
  first?: number;
  masked?: boolean;
  /** The bytes that write the length: 0 for up to 125, 2, or 8. */
  extended?: 0 | 2 | 8;
}

function frame(length: number, { first = 0x82, masked = false, extended }: FrameOptions = {}): Buffer {
  const bytes = extended ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
  const short = bytes === 0 ? length : bytes === 2 ? 126 : 127;
  const written = Buffer.alloc(bytes);
  if (bytes === 2) written.writeUInt16BE(length);
  if (bytes === 8) written.writeBigUInt64BE(BigInt(length));
  const head = Buffer.from([first, short | (masked ? 0x80 : 0)]);
  // A payload that looks like close frames: whoever loses count finds one in it.
  return Buffer.concat([head, written, Buffer.alloc(masked ? 4 : 0, 0x55), Buffer.alloc(length, CLOSE_1001)]);
}

const anyFrame = fc
  .record({
    length: fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 200 }) },
      { weight: 2, arbitrary: fc.integer({ min: 120, max: 1000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 65_530, max: 65_600 }) },
    ),
    masked: fc.boolean(),
    first: fc.constantFrom(0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a),
  })
  .map(({ length, ...options }) => frame(length, options));

/** Frames, and the places where their bytes are cut into chunks: close together too, to hit the heads. */
const anyStream = fc
  .tuple(fc.array(anyFrame, { maxLength: 8 }), fc.array(fc.nat(), { maxLength: 30 }))
  .map(([frames, places]) => {
    const bytes = Buffer.concat(frames);
    const starts = frames.map((_, i) => Buffer.concat(frames.slice(0, i)).length);
    const cuts = places.map((place, i) => {
      const start = i % 2 === 0 ? (starts[place % (starts.length || 1)] ?? 0) : 0;
      return i % 2 === 0 ? start + (place % 15) : place % (bytes.length + 1);
    });
    const sorted = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length];
    const chunks = sorted.slice(1).map((end, i) => bytes.subarray(sorted[i], end));
    return { frames, bytes, chunks: chunks.filter(({ length }) => length > 0) };
  });

const write = async (stream: WebSocketGoodbye, chunk: Buffer) =>
  new Promise((resolve) => {
    stream.write(chunk, resolve);
  });

/** What comes out when the goodbye is said before the chunk of this number. */
async function pass(chunks: Buffer[], sayBefore = Infinity): Promise<Buffer> {
  const stream = new WebSocketGoodbye();
  const out = buffer(stream);
  for (const [i, chunk] of chunks.entries()) {
    if (i === sayBefore) stream.say(1001);
    await write(stream, chunk);
  }
  if (sayBefore === chunks.length) stream.say(1001);
  stream.end();
  return out;
}

describe('without a goodbye', () => {
  test('the bytes pass as they are, however they are chunked', async () => {
    await fc.assert(
      fc.asyncProperty(anyStream, async ({ bytes, chunks }) => {
        expect((await pass(chunks)).equals(bytes)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test('even a head that is cut off by the end of the stream does', async () => {
    const bytes = Buffer.concat([frame(3), Buffer.from([0x82, 126, 1])]);

    expect(await pass([bytes])).toEqual(bytes);
  });
});

describe('a goodbye', () => {
  test('comes behind the frame that is under way, once, and nothing comes after it', async () => {
    await fc.assert(
      fc.asyncProperty(anyStream, fc.nat(), async ({ frames, bytes, chunks }, moment) => {
        const sayBefore = moment % (chunks.length + 1);
        const given = Buffer.concat(chunks.slice(0, sayBefore)).length;

        const out = await pass(chunks, sayBefore);

        // The first end of a frame at or behind what was there when the goodbye was said.
        let boundary = 0;
        for (const { length } of frames) if (boundary < given) boundary += length;
        expect(out.equals(Buffer.concat([bytes.subarray(0, boundary), CLOSE_1001]))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('is at once on its way when no frame is', async () => {
    const stream = new WebSocketGoodbye();

    stream.say(1001);

    expect(stream.read()).toEqual(CLOSE_1001);
  });

  test.each([0, 2, 8] as const)('understands a length that is written in %d more bytes', async (extended) => {
    const bytes = frame(5, { extended, masked: true });

    for (let cut = 1; cut < bytes.length; cut++) {
      const out = await pass([bytes.subarray(0, cut), bytes.subarray(cut), frame(1)], 1);
      expect(out).toEqual(Buffer.concat([bytes, CLOSE_1001]));
    }
  });

  test('is said once, whoever says it again', async () => {
    const stream = new WebSocketGoodbye();
    const out = buffer(stream);

    stream.say(1001);
    stream.say(1001);
    await write(stream, frame(4));
    stream.say(1001);
    stream.end();

    expect(await out).toEqual(CLOSE_1001);
  });

  test('is not said behind the close frame of the server itself', async () => {
    const bytes = frame(2, { first: 0x88 });

    expect(await pass([bytes], 1)).toEqual(bytes);
    expect(await pass([bytes.subarray(0, 1), bytes.subarray(1)], 1)).toEqual(bytes);
  });

  test('is not said once the server has ended, even if its last bytes are not read yet', async () => {
    const stream = new WebSocketGoodbye();
    const errors: unknown[] = [];
    stream.on('error', (error) => errors.push(error));
    const bytes = frame(10);
    stream.end(bytes);
    await new Promise((resolve) => {
      stream.once('finish', resolve);
    });

    stream.say(1001);

    expect(await buffer(stream)).toEqual(bytes);
    expect(errors).toEqual([]);
  });
});
