import type { ServicePaths } from './paths.ts';

/** The flags with which a rehearsal asks for these paths, and for nothing that is not there. */
export function rehearsalFlags({ get, slow, post, stream, webSocket }: ServicePaths): string[] {
  return [
    ['--path', get.path],
    slow === undefined ? ['--slow', '0'] : ['--slow-path', slow.path],
    post === undefined ? ['--post', '0'] : ['--post-path', post.path],
    post?.body === undefined ? [] : ['--post-body', JSON.stringify(post.body)],
    stream === undefined ? ['--streams', '0'] : ['--stream-path', stream.path],
    webSocket === undefined ? [] : ['--websocket-path', webSocket.path],
  ].flat();
}
