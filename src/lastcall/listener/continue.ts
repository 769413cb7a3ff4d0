import type { IncomingMessage, ServerResponse } from 'node:http';

/**
 * Says `100 Continue` to a client that waits for it before it sends its body (RFC 9110, 10.1.1), when somebody begins to
 * read the body. Node would say it before the application has seen the request: to one that is about to be refused, too.
 * Where it was not said, Node closes the connection behind the answer.
 */
export function continueWhenRead(req: IncomingMessage, res: ServerResponse): void {
  const read = req._read.bind(req);
  req._read = (size) => {
    req._read = read;
    if (!res.headersSent) res.writeContinue();
    read(size);
  };
}
