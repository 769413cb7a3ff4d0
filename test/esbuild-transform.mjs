// Jest's TypeScript transformer. esbuild strips the types; `npm run typecheck` checks them.
import { createHash } from 'node:crypto';
import { transformSync, version } from 'esbuild';

const options = { loader: 'ts', format: 'esm', target: 'es2023', sourcemap: 'both', sourcesContent: true };

export default {
  getCacheKey: (source, file, { configString, instrument }) =>
    createHash('sha1')
      .update([source, file, configString, String(instrument), version].join('\0'))
      .digest('hex'),
  process(source, file) {
    const { code, map } = transformSync(source, { ...options, sourcefile: file });
    // An object: given the map as a string, the babel coverage provider reports wrong lines.
    return { code, map: JSON.parse(map) };
  },
};
