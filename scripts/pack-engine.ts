// `npm run pack:engine`: the engine as a package, for services that were not made of this template.
import { argv } from 'node:process';
import { packEngine } from './engine-package.ts';

console.log(packEngine(argv[2] ?? '.'));
