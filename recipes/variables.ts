// In place of src/service/variables.ts, so that a recipe imports here what it will import in a service.
import type { AppParts } from '#lastcall';
import { postgresVariables } from './postgres/variables.ts';

export const variables = { postgres: postgresVariables };

/** What features get. */
export type Parts = AppParts<typeof variables>;
