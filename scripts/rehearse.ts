// `npm run rehearse`: the rehearsal, from its sources. Where the chart is asked for, helm is what the tests have, too.
import { argv, env } from 'node:process';
import { helmBinary } from './helm.ts';

if (argv.some((arg) => /^--(?:values|set|chart)\b/.test(arg))) env['HELM'] ??= await helmBinary();
await import('../rehearsal/command/main.ts');
