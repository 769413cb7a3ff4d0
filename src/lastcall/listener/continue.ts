import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody } from './request.ts';

/**
 * Says `100 Continue` to a client that waits for it before it sends its body (RFC 9110, 10.1.1), when somebody begins to
 * read the body. Node would say it before the application has seen the request: to one that is about to be refused, too.
 * Where it was not said, Node closes the connection behind the answer; so it is said to whom has sent all without waiting,
 * or has nothing to send.
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  let said = false;
  const say = () => {
    if (!said && !res.headersSent) res.writeContinue();
    said = true;
  };
  const read = req._read.bind(req);
  req._read = (size) => {
    req._read = read;
    say();
    read(size);
  };
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    if (req.complete || !hasBody(req)) say();
    return writeHead(...args);
  };
}
