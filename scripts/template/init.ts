// Makes a service of the template: npm run init -- orders-api
import { type Answers, type Manifest, manifestOf, OWN_ANSWERS, ownAnswers, RECORD } from './answers.ts';
import { askFor } from './ask.ts';
import { finish } from './finish.ts';
import { Folder } from './folder.ts';
import { ask, git } from './git.ts';
import { LISTS_PAGE, render } from './render.ts';
import { Refusal, Repository } from './repository.ts';
import * as rules from './rules.ts';
import { parsed, report } from './report.ts';
import { listsOf } from './steps.ts';

const OPTIONS = {
  description: { type: 'string' },
  owner: { type: 'string' },
  image: { type: 'string' },
  repository: { type: 'string' },
  port: { type: 'string' },
  'management-port': { type: 'string' },
  licence: { type: 'string' },
  without: { type: 'string' },
  template: { type: 'string' },
  yes: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;
const usage = (lists: string[]) => `npm run init -- NAME [options]

  --description TEXT        what the service does, in a sentence
  --owner OWNER             @organisation/team, @user or an address: CODEOWNERS, SECURITY.md, the copyright
  --image REGISTRY/PATH     where the image is published; by default the repository's on ghcr.io
  --repository URL          where its source is, which is where alerts link to the runbook
  --port N                  of the service (8080)
  --management-port N       of probes and metrics (8081)
  --licence SPDX            ${rules.LICENCES.join(', ')}
  --without LIST,LIST       what can go: ${lists.join(', ')}
  --template URL            where the template is, for npm run template:update; by default the remote "origin"
  --yes                     don't ask, take the defaults
  --dry-run                 show what would change
  --help

Without NAME, it asks.
`;

interface Flags {
  given: Partial<Answers>;
  template: string | undefined;
  yes: boolean;
  dryRun: boolean;
  help: boolean;
}

/** @throws Refusal with every flag that can't be used */
function flagsOf(args: string[], lists: string[]): Flags {
  const { values, positionals } = parsed({ args, allowPositionals: true, options: OPTIONS }, usage(lists));
  const problems: string[] = [];
  const checked = (flag: string, rule: rules.Rule, value: string | undefined) => {
    const problem = value === undefined ? undefined : rule(value);
    if (problem !== undefined) problems.push(`${flag} ${JSON.stringify(value)}: ${problem}`);
    return value;
  };
  if (positionals.length > 1) problems.push(`expected one name, got ${positionals.join(' ')}`);
  const without = values.without?.split(',').filter((list) => list !== '');
  for (const list of without ?? []) {
    if (!lists.includes(list)) problems.push(`--without ${list}: expected ${lists.join(', ')}`);
  }
  const name = checked('name', rules.name, positionals[0]);
  const description = checked('--description', rules.description, values.description);
  const owner = checked('--owner', rules.owner, values.owner);
  const image = checked('--image', rules.image, values.image);
  const repository = checked('--repository', rules.repository, values.repository);
  const port = checked('--port', rules.port, values.port);
  const managementPort = checked('--management-port', rules.port, values['management-port']);
  const licence = checked('--licence', rules.licence, values.licence);
  if (problems.length > 0) throw new Refusal(problems.join('\n'));
  const given: Partial<Answers> = {
    ...(name !== undefined && { name }),
    ...(description !== undefined && { description }),
    ...(owner !== undefined && { owner }),
    ...(image !== undefined && { image }),
    ...(repository !== undefined && { repository }),
    ...(port !== undefined && { port: Number(port) }),
    ...(managementPort !== undefined && { managementPort: Number(managementPort) }),
    ...(licence !== undefined && { licence }),
    ...(without !== undefined && { without }),
  };
  return {
    given,
    template: values.template,
    yes: values.yes,
    dryRun: values['dry-run'],
    help: values.help,
  };
}

async function answersOf({ given, yes }: Flags, own: Answers, lists: string[]): Promise<Answers> {
  const fallback: Answers = {
    ...own,
    owner: '',
    image: '',
    repository: '',
    without: [],
    year: new Date().getFullYear(),
  };
  const asks = !yes && given.name === undefined && process.stdin.isTTY && process.stdout.isTTY;
  const answers = asks ? await askFor(given, fallback, lists) : { ...fallback, ...given };
  if (!asks && given.name === undefined) throw new Refusal(`a name is needed\n\n${usage(lists)}`);
  if (!asks && given.description === undefined) answers.description = `The service ${answers.name}`;
  if (answers.port === answers.managementPort) {
    throw new Refusal(`--port and --management-port: expected two ports, got ${answers.port} twice`);
  }
  if (answers.name === own.name) throw new Refusal(`name ${own.name}: that is the template's own`);
  return answers;
}

/** @throws Refusal if there is nothing to make a service of */
function refuseWhatIsNoTemplate(folder: Folder): void {
  if (folder.has(RECORD)) throw new Refusal(`this is a project already: ${RECORD}`);
  if (!folder.has(OWN_ANSWERS)) throw new Refusal(`this is not the template: it has no ${OWN_ANSWERS}`);
  const { name } = manifestOf(folder);
  const own = ownAnswers(folder).name;
  if (name !== own)
    throw new Refusal(`this is not the template as it was: package.json names it ${name}, not ${own}`);
}

/** Where the template is. */
function sourceOf(root: string, manifest: Manifest): string {
  const remote = git(root, ['remote', 'get-url', 'origin'], { expected: [0, 2] });
  return manifest.repository?.url ?? (remote.code === 0 ? remote.stdout.trim() : '');
}

await report('init', 1, async () => {
  const lists = Object.keys(listsOf(new Folder(process.cwd()).read(LISTS_PAGE)));
  const flags = flagsOf(process.argv.slice(2), lists);
  if (flags.help) return process.stdout.write(usage(lists));
  const repository = new Repository(process.cwd());
  const here = new Folder(repository.root);
  refuseWhatIsNoTemplate(here);
  repository.refuseDirtyTree();
  const answers = await answersOf(flags, ownAnswers(here), lists);

  const manifest = manifestOf(here);
  const origin = {
    from: flags.template ?? sourceOf(repository.root, manifest),
    name: manifest.name,
    version: manifest.version,
    commit: ask(repository.root, 'rev-parse', 'HEAD'),
    tree: ask(repository.root, 'rev-parse', 'HEAD^{tree}'),
  };
  const tree = await repository.treeAfter(async (folder) =>
    finish(folder, render(folder, answers, origin), repository.root),
  );
  if (flags.dryRun) return process.stdout.write(repository.diff(tree));
  repository.checkOut(tree);
  return process.stdout.write(`${repository.diff(tree, '--shortstat').trim()}

This is ${answers.name} now. Look at it, and make it your first commit:

  git diff --cached
  git commit -m 'Start ${answers.name}'
  npm ci && npm start

docs/template.md says how it stays current.
`);
});
