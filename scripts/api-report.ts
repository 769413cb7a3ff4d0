// `npm run api:report`: docs/api/, anew.
import { mkdirSync, rmSync } from 'node:fs';
import { REPORTS, writeApiReports } from './engine-api.ts';

rmSync(REPORTS, { recursive: true, force: true });
mkdirSync(REPORTS);
writeApiReports(REPORTS);
