// Merges a newer version of the template into a project that was made of it: npm run template:update
import { RECORD, type TemplateRecord } from './answers.ts';
import { Folder } from './folder.ts';
import { mergeTemplate, type Update } from './merge.ts';
import { parsed, report } from './report.ts';
import { Refusal, Repository, withFolder } from './repository.ts';
import { Source, type Version } from './source.ts';

const USAGE = `npm run template:update -- [options]

  --ref REF     a tag, a branch or a commit of the template; by default its newest release
  --from URL    where the template is; by default what ${RECORD} says
  --check       say how far behind this is, and exit with 1 if it is
  --dry-run     show what would change
  --help
`;
/** Something is in the way; 1 is what --check says of a project that is behind. */
const FAILED = 2;

const OPTIONS = {
  ref: { type: 'string' },
  from: { type: 'string' },
  check: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

function recordOf(root: string): TemplateRecord {
  const here = new Folder(root);
  if (!here.has(RECORD)) throw new Refusal(`this was not made by npm run init: it has no ${RECORD}`);
  return here.readJson(RECORD) as TemplateRecord;
}

/** What has come since: so many commits, and the releases, if there are some on the way. */
function behind(source: Source, from: Version, to: Version, commits: number): string {
  const releases = source.releases().filter((release) => source.distance(from, release) > 0);
  const names = releases.map(({ name }) => name).toReversed();
  const since = names.length > 0 ? ` (released since: ${names.join(', ')})` : '';
  return `${commits} commit${commits === 1 ? '' : 's'} behind ${to.name}${since}`;
}

function told({ stages, deleted, leftToDo }: Update, to: Version): string {
  const list = (lines: string[]) => [...new Set(lines)].map((line) => `  ${line}\n`).join('');
  const parts = [
    stages.length > 0 &&
      `In conflict, with both versions between git's marks:\n${list(stages.map(({ path }) => path))}`,
    deleted.length > 0 && `Deleted here, changed in the template; they stay deleted:\n${list(deleted)}`,
    leftToDo.length > 0 &&
      `Left for you${stages.length > 0 ? ', when the conflicts are gone' : ''}:\n${list(leftToDo)}`,
    `Then: npm ci && npm test, and git commit -m 'Update the template to ${to.name}'\n`,
  ];
  return parts.filter((part) => part !== false).join('\n');
}

await report('template:update', FAILED, async () => {
  const { values: flags } = parsed({ options: OPTIONS }, USAGE);
  const say = (text: string) => void process.stdout.write(text);
  if (flags.help) return say(USAGE);
  const repository = new Repository(process.cwd());
  const record = recordOf(repository.root);
  if (!flags.check) repository.refuseDirtyTree();
  const from = flags.from ?? record.template.from;
  if (from === '') throw new Refusal(`where is the template? --from, or "from" in ${RECORD}`);

  return withFolder(async (folder) => {
    const source = new Source(from, repository.root, folder);
    const to = source.find(flags.ref);
    const have = source.origin(record.template);
    if (to.tree === have.tree) return say(`This is up to date with ${to.name} of the template.\n`);
    const commits = source.distance(have, to);
    if (commits === 0) throw new Refusal(`${to.name} is older than what is here`);
    const was = behind(source, have, to, commits);
    if (flags.check) {
      process.exitCode = 1;
      return say(`${was}\n`);
    }
    const update = await mergeTemplate(repository, source, record, have, to);
    if (flags['dry-run']) return say(`${repository.diff(update.tree)}\n${told(update, to)}`);
    repository.checkOut(update.tree);
    repository.markConflicts(update.stages);
    return say(`Was ${was}. ${repository.diff(update.tree, '--shortstat').trim()}\n\n${told(update, to)}`);
  });
});
