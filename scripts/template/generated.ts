/** Parts of pages that commands write, each with a name: what they say follows from other files. */
const PARTS = [
  /(?<name><!-- variables:start -->)[^]*?<!-- variables:end -->/g,
  /(?<name><!-- values: written by .*? -->)[^]*?<!-- prettier-ignore-end -->/g,
  /^```\w+ (?<name>\S+\.m?[jt]s(?:#\w+)?)\n[^]*?^```$/gm,
];

/** The commands that write them. */
export const COMMANDS = ['npm run docs', 'npm run chart:readme'];

/** A page with the generated parts of another version of it: a merge has nothing to say about them. */
export function withPartsOf(page: string, other: string): string {
  const parts = new Map(
    PARTS.flatMap((part) => [...other.matchAll(part)].map((found) => [nameOf(found), found[0]])),
  );
  return PARTS.reduce(
    (text, part) =>
      text.replaceAll(part, (...match) => {
        const groups = match.at(-1) as { name: string };
        return parts.get(groups.name) ?? match[0];
      }),
    page,
  );
}

const nameOf = ({ groups }: RegExpMatchArray): string => groups?.['name'] ?? '';
