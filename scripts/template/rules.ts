import { isBuiltin } from 'node:module';

/** What is wrong with an answer, and by whose rule; undefined if nothing is. */
export type Rule = (text: string) => string | undefined;

/** Releases are called after the service, and objects after both: `orders-api-management` has 63 characters at most. */
const LONGEST_NAME = 52;
/** https://docs.npmjs.com/cli/configuring-npm/package-json#name: neither these nor the modules of Node. */
const NOT_FOR_PACKAGES = ['node_modules', 'favicon.ico'];

/** Of the package, the chart, the image, the labels of a pod, and of `NAME_build_info`. */
export const name: Rule = (text) => {
  if (text === '') return 'a name is needed';
  if (text !== text.toLowerCase()) {
    return 'npm and image registries allow no capital letters in a name';
  }
  if (/^\d/.test(text)) {
    return 'the name of a Service begins with a letter (RFC 1035, which Kubernetes keeps), and so does that of a metric in Prometheus';
  }
  if (!/^[a-z0-9-]+$/.test(text)) {
    return 'a label of DNS (RFC 1123, which Kubernetes keeps) has letters, digits and dashes only';
  }
  if (/^-|-$/.test(text)) return 'a label of DNS (RFC 1123) neither begins nor ends with a dash';
  if (text.length > LONGEST_NAME) {
    return `Helm adds up to 11 characters behind it, and a label of DNS has 63: expected at most ${LONGEST_NAME}, got ${text.length}`;
  }
  if (NOT_FOR_PACKAGES.includes(text) || isBuiltin(text)) {
    return `npm allows no package of that name: ${isBuiltin(text) ? 'Node has a module that is called so' : 'it is reserved'}`;
  }
  return undefined;
};

/** One line that can stand between quotation marks in JSON, YAML and a Dockerfile alike. */
export const description: Rule = (text) => {
  if (text.trim() === '') return 'a sentence is needed';
  // oxlint-disable-next-line no-control-regex -- it is what must not be there
  if (/[\u0000-\u001f]/.test(text)) return 'expected one line';
  if (/["\\$]/.test(text)) return 'a label of an image (Dockerfile) takes no ", \\ or $ as they are';
  if (text.includes('{{') || text.includes(' => ')) return 'expected neither {{ nor =>';
  return undefined;
};

/** For .github/CODEOWNERS: https://docs.github.com/articles/about-code-owners */
export const owner: Rule = (text) => {
  if (text === '' || /^@[\w-]+(\/[\w.-]+)?$/.test(text) || /^[^\s@"'{}]+@[\w-]+(\.[\w-]+)+$/.test(text)) {
    return undefined;
  }
  return 'CODEOWNERS knows @user, @organisation/team and addresses of e-mail';
};

/** https://github.com/distribution/reference: a host, maybe a port, a path, and no tag. */
export const image: Rule = (text) => {
  if (text === '') return undefined;
  const [host = '', ...path] = text.split('/');
  if (path.length === 0 || !/^[a-z0-9.-]+(:\d+)?$/.test(host) || !/[.:]|^localhost$/.test(host)) {
    return 'a reference to an image (OCI) begins with the host of its registry, such as ghcr.io/acme/orders-api';
  }
  const wrong = path.find((part) => !/^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/.test(part));
  if (wrong !== undefined) {
    return `a path of OCI has lower-case letters and digits, with . _ - between them, and no tag: ${JSON.stringify(wrong)}`;
  }
  return undefined;
};

/** What a browser opens, and what Helm takes for the home of a chart. */
export const repository: Rule = (text) =>
  text === '' || /^https:\/\/[\w.-]+(:\d+)?(\/[\w.~-]+)+\/?$/.test(text)
    ? undefined
    : 'expected an address for a browser, such as https://github.com/acme/orders-api';

/** Above 1023, because the container's user is not root. */
export const port: Rule = (text) => {
  if (/^\d+$/.test(text) && Number(text) >= 1024 && Number(text) <= 65_535) return undefined;
  return 'expected a port from 1024 to 65535: the container is not root';
};

export const licence: Rule = (text) =>
  LICENCES.includes(text)
    ? undefined
    : `expected ${LICENCES.join(', ')} (SPDX, and what npm says where there is none)`;

export const LICENCES = ['MIT', 'Apache-2.0', 'UNLICENSED'];
