import type { IncomingMessage, ServerResponse } from 'node:http';
import { hasBody } from './request.ts';

/**
 * Says `100 Continue` to a client that waits for it before it sends its body (RFC 9110, 10.1.1), when somebody begins to
 * read the body, and not before it is this request's turn to be answered. Node would say it before the application has
 * seen the request: to one that is about to be refused, too. Where it was not said, Node closes the connection behind the
 * answer, which is only needed if a body may still come.
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const say = () => {
    if (!res.headersSent) res.writeContinue();
  };
  const read = req._read.bind(req);
  req._read = (size) => {
    req._read = read;
    if (res.socket === null)
      res.once('socket', say); // Node would put it behind the head of the answer
    else say();
    read(size);
  };
  const writeHead = res.writeHead.bind(res) as (...args: unknown[]) => ServerResponse;
  res.writeHead = (...args: unknown[]) => {
    if (req.complete || !hasBody(req)) (res as ExpectedResponse)._expect_continue = false;
    return writeHead(...args);
  };
}

/** Node's reason to close. */
type ExpectedResponse = ServerResponse & { _expect_continue: boolean };
