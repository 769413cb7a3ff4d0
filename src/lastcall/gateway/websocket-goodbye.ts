import { Transform, type TransformCallback } from 'node:stream';

/** The opcode. */
const CLOSE = 0x8;

/**
 * Passes the frames of a WebSocket server on to its client and can put in a close frame of its own, between two
 * frames and never inside of one (RFC 6455, 5.2). What the server sends after that is dropped: the client answers the
 * close, that answer reaches the server, and the server ends the connection.
 */
export class WebSocketGoodbye extends Transform {
  /** Bytes of the current frame that are still to come; 0: between two frames. */
  #left = 0;
  /** The head of a frame that has not arrived whole. */
  #head: Buffer = Buffer.alloc(0);
  #goodbye: Buffer | undefined;
  #said = false;
  /** The server has sent its own close frame, or all that it ever will: there is nothing to add. */
  #over = false;

  /** Sends this close code as soon as the current frame is through. */
  say(code: number): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.#goodbye = Buffer.concat([Buffer.from([0x88, payload.length]), payload]); // FIN + close, not masked
    this.#sayBetweenFrames();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let rest = chunk;
    while (rest.length > 0 && !this.#said) {
      if (this.#left === 0) rest = this.#readHead(rest);
      const part = rest.subarray(0, this.#left);
      if (part.length > 0) this.push(part);
      this.#left -= part.length;
      rest = rest.subarray(part.length);
      this.#sayBetweenFrames();
    }
    done();
  }

  override _flush(done: TransformCallback): void {
    this.#over = true;
    done(null, this.#head);
  }

  /** Takes the head of the next frame from a chunk, sends it on when it is whole, and returns what is behind it. */
  #readHead(chunk: Buffer): Buffer {
    const bytes = Buffer.concat([this.#head, chunk]);
    const length = headLength(bytes);
    if (length === undefined) {
      this.#head = bytes;
      return Buffer.alloc(0);
    }
    this.#head = Buffer.alloc(0);
    this.#left = length + payloadLength(bytes);
    this.#over ||= ((bytes[0] ?? 0) & 0x0f) === CLOSE;
    return bytes;
  }

  #sayBetweenFrames(): void {
    const between = this.#left === 0 && this.#head.length === 0;
    if (this.#goodbye === undefined || this.#said || this.#over || !between) return;
    this.#said = true;
    this.push(this.#goodbye);
  }
}

/** Undefined while it has not arrived whole. A server's frames are not masked, but a masked one is no reason to fail. */
function headLength(bytes: Buffer): number | undefined {
  const second = bytes[1];
  if (second === undefined) return undefined;
  const extended = { 126: 2, 127: 8 }[second & 0x7f] ?? 0;
  const length = 2 + extended + ((second & 0x80) === 0 ? 0 : 4);
  return bytes.length < length ? undefined : length;
}

function payloadLength(bytes: Buffer): number {
  const short = (bytes[1] ?? 0) & 0x7f;
  if (short === 126) return bytes.readUInt16BE(2);
  return short === 127 ? Number(bytes.readBigUInt64BE(2)) : short;
}
