/**
 * The final statuses of all answers on a connection, if those are whole and nothing else.
 *
 * @param methods of the requests that are known: the answer to HEAD has no body
 * @returns what is wrong, if something is
 */
export function answersIn(received: string, methods: string[]): number[] | string {
  const statuses: number[] = [];
  for (let rest = received; rest !== '';) {
    const end = rest.indexOf('\r\n\r\n');
    const head = rest.slice(0, end);
    const status = Number(/^HTTP\/1\.1 ([1-5]\d\d) [^\r\n]*(?:\r\n|$)/.exec(head)?.[1]);
    if (end === -1 || Number.isNaN(status)) return 'no answer';
    rest = rest.slice(end + 4);
    if (status < 200) continue;
    // Nobody knows what the method of a request was that can't be read.
    const method = methods[statuses.length];
    statuses.push(status);
    if (method === 'HEAD' || status === 204 || status === 304) continue;
    if (method === undefined && (rest === '' || rest.startsWith('HTTP/1.1 '))) continue;
    const length = Number(/^content-length: (\d+)$/im.exec(head)?.[1]);
    if (Number.isNaN(length)) {
      const whole = /^transfer-encoding: chunked$/im.test(head) ? lengthOfChunks(rest) : rest.length;
      if (whole === undefined) return 'half an answer';
      rest = rest.slice(whole);
    } else if (rest.length < length) {
      return 'half an answer';
    } else {
      rest = rest.slice(length);
    }
  }
  return statuses;
}

function lengthOfChunks(bytes: string): number | undefined {
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    const size = Number.parseInt(bytes.slice(at, end), 16);
    if (end === -1 || Number.isNaN(size) || bytes.length < end + size + 4) return undefined;
    at = end + size + 4;
    if (size === 0) return at;
  }
}
