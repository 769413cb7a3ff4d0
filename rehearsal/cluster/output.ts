import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

/** Longer than any line of a log that says something about its process; of a longer one only the beginning is read. */
const LONGEST_LINE = 64 * 1024;

/** Reads lines of whatever a program writes: there may be no end of it, and no line ends in it. */
export function readLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let begun = '';
  const take = (text: string) => {
    if (begun.length < LONGEST_LINE) begun += text.slice(0, LONGEST_LINE - begun.length);
  };
  const end = () => {
    if (begun !== '') onLine(begun.replace(/\r$/, ''));
    begun = '';
  };
  stream.on('data', (chunk: Buffer) => {
    const [first = '', ...others] = decoder.write(chunk).split('\n');
    take(first);
    for (const text of others) {
      end();
      take(text);
    }
  });
  stream.once('end', end);
}
