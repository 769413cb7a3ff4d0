// `npm run rehearse`: the rehearsal, from its sources. Where the chart is asked for, helm is what the tests have, too.
import { argv, env } from 'node:process';
import { helmBinary } from './helm.ts';
import { readPaths } from './paths.ts';
import { rehearsalFlags } from './rehearsal-flags.ts';

// Before what was asked for, which wins. Another program has paths of its own.
if (!argv.some((arg) => /^--command\b/.test(arg))) argv.splice(2, 0, ...rehearsalFlags(readPaths()));
if (argv.some((arg) => /^--(?:values|set|chart)\b/.test(arg))) env['HELM'] ??= await helmBinary();
await import('../rehearsal/command/main.ts');
