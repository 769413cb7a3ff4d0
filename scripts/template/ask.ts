import { cancel, intro, isCancel, multiselect, select, text } from '@clack/prompts';
import type { Answers } from './answers.ts';
import { Refusal } from './repository.ts';
import * as rules from './rules.ts';

/** The questions of `npm run init`, one after the other; what flags have answered is not asked. */
export async function askFor(given: Partial<Answers>, fallback: Answers, lists: string[]): Promise<Answers> {
  intro('A service of your own');
  const asked = async (key: keyof Answers, message: string, rule: rules.Rule, initial: string) =>
    given[key] === undefined
      ? answered(
          await text({
            message,
            initialValue: initial,
            validate: (value) => rule(value ?? ''),
          }),
        )
      : String(given[key]);
  const name = await asked('name', 'Its name', rules.name, '');
  return {
    ...fallback,
    name,
    description: await asked(
      'description',
      'What it does, in a sentence',
      rules.description,
      `The service ${name}`,
    ),
    owner: await asked(
      'owner',
      'Who owns it: @organisation/team, @user or an address; may be empty',
      rules.owner,
      '',
    ),
    image: await asked(
      'image',
      "Its image, without a tag; empty: the repository's on ghcr.io",
      rules.image,
      '',
    ),
    repository: await asked(
      'repository',
      'Where its source is, https://…; may be empty',
      rules.repository,
      '',
    ),
    port: Number(await asked('port', 'Port of the service', rules.port, String(fallback.port))),
    managementPort: Number(
      await asked(
        'managementPort',
        'Port of probes and metrics',
        rules.port,
        String(fallback.managementPort),
      ),
    ),
    licence:
      given.licence ??
      answered(
        await select({
          message: 'Licence',
          options: rules.LICENCES.map((value) => ({ value })),
          initialValue: fallback.licence,
        }),
      ),
    without:
      given.without ??
      answered(
        await multiselect({
          message: 'What can go (space chooses, enter goes on)',
          options: lists.map((value) => ({ value })),
          required: false,
        }),
      ),
  };
}

/** @throws Refusal if the person has had enough */
function answered<T>(answer: T): Exclude<T, symbol> {
  if (!isCancel(answer)) return answer as Exclude<T, symbol>;
  cancel('Nothing was changed');
  throw new Refusal('cancelled');
}
