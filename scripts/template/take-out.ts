// Performs lists of docs/taking-out.md in a project, and remembers them for its updates: npm run take-out -- gateway
import { RECORD, type TemplateRecord } from './answers.ts';
import { finish } from './finish.ts';
import { Folder } from './folder.ts';
import { LISTS_PAGE } from './render.ts';
import { report } from './report.ts';
import { Refusal, Repository } from './repository.ts';
import { listsOf, perform } from './steps.ts';

await report('take-out', 1, async () => {
  const repository = new Repository(process.cwd());
  const here = new Folder(repository.root);
  const lists = listsOf(here.read(LISTS_PAGE));
  const record = here.has(RECORD) ? (here.readJson(RECORD) as TemplateRecord) : undefined;
  const gone = record?.answers.without ?? [];
  const left = Object.keys(lists).filter((name) => !gone.includes(name));
  const names = process.argv.slice(2);
  if (names.length === 0) throw new Refusal(`expected what is to go: ${left.join(', ')}`);
  for (const name of names) {
    if (gone.includes(name)) throw new Refusal(`${name} is gone already`);
    if (!left.includes(name)) throw new Refusal(`${name}: expected ${left.join(', ')}`);
  }
  repository.refuseDirtyTree();

  const tree = await repository.treeAfter(async (folder) => {
    const steps = names.flatMap((name) => lists[name] ?? []);
    const leftovers = perform(folder, steps, { lenient: true });
    if (record !== undefined) {
      const without = Object.keys(lists).filter((name) => gone.includes(name) || names.includes(name));
      folder.writeJson(RECORD, { ...record, answers: { ...record.answers, without } });
    }
    await finish(folder, leftovers, repository.root);
  });
  repository.checkOut(tree);
  process.stdout.write(
    `${repository.diff(tree, '--shortstat').trim()}\n\nThen: npm ci && npm test, and git commit -m 'Take out ${names.join(', ')}'\n`,
  );
});
